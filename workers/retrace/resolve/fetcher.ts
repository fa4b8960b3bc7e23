/**
 * Fetches packages on demand for one task: several at once, each only once, within the time for fetching. A package is
 * marked as in use before it is here, so that nothing evicts it in between. Network, tar and queue are loaded when the
 * first package is missing, so a task that needs none pays nothing.
 */
import type { Config } from '../../../src/config/config.ts'
import type { Database } from '../../../src/database/database.ts'
import type { FetchFailureKind } from '../../../src/packages/format/error.ts'
import type { PackageFormat } from '../../../src/packages/format/format.ts'
import { type PackageIndex, packageLabel, type PackageRow } from '../../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../../src/packages/index/use.ts'
import type { FetchContext } from '../../../src/packages/supply/package.ts'

/** What a client hears; the administrator's log has the addresses. */
const WHY: Record<FetchFailureKind, string> = {
  'not-found': 'no mirror has it',
  'refused': 'what its repository answers is refused here',
  'timeout': 'it took too long',
  'malformed': 'what came is not what its index says',
  'unreachable': 'its repository cannot be reached',
  'no-space': 'there is no space left for it',
  'machine': 'the server had not the means to open it, and will try again',
}
const AT_ONCE = 4
/**
 * Packages of one task: a desktop program needs 250 with debuginfo, a core made for it could name the whole archive.
 */
const MAX_FETCHED = 1_000
/** Of the task's time: the rest is for gdb, on what came. */
const SHARE = 0.6

export interface FetcherContext {
  config: FetchContext['config'] & Pick<Config, 'taskTimeoutS'>
  database: Database
  uses: PackageUses
  /** In place of those of this installation. */
  formats?: readonly PackageFormat[]
  say(step: 'fetch', text: string): void
  /** Hears what is for the administrator alone: addresses, and what they answered. */
  remark?(text: string): void
  /** A package was fetched, as far as that went: what was read of the index is out of date. */
  onFetched?(): void
  signal: AbortSignal
}

export class Fetcher {
  readonly #context: FetcherContext
  readonly #index: PackageIndex
  readonly #tasks = new Map<number, Promise<string | undefined>>()
  #machinery: ReturnType<typeof loadMachinery> | undefined
  #active = 0
  #since = 0
  #milliseconds = 0
  readonly #failed = new Set<number>()
  #ranOut = false

  constructor(context: FetcherContext, index: PackageIndex) {
    this.#context = context
    this.#index = index
  }

  /** Seconds during which at least one package was being fetched. */
  get seconds(): number {
    return this.#milliseconds / 1000
  }

  /** The time for fetching was over before all was here. */
  get ranOutOfTime(): boolean {
    return this.#ranOut
  }

  hasFailed(row: PackageRow): boolean {
    return this.#failed.has(row.id)
  }

  /** Resolves with undefined when the package's files are here, else with a sentence on why they are not. */
  fetch(row: PackageRow): Promise<string | undefined> {
    const { folder } = row
    row.folder = this.#context.uses.claim(row.id)
    // Another process has fetched it since the index was asked.
    if (row.folder !== folder) this.#context.onFetched?.()
    if (row.folder !== null) return Promise.resolve(undefined)
    const running = this.#tasks.get(row.id)
    if (running !== undefined) return running
    if (this.#tasks.size >= MAX_FETCHED) {
      this.#failed.add(row.id)
      return Promise.resolve(`${packageLabel(row)} was not fetched: ${MAX_FETCHED} packages are the most for one task`)
    }
    const task = this.#timed(row)
    this.#tasks.set(row.id, task)
    return task
  }

  async #timed(row: PackageRow): Promise<string | undefined> {
    if (this.#active++ === 0) this.#since = performance.now()
    try {
      return await this.#fetchOne(row)
    } finally {
      this.#context.onFetched?.()
      if (--this.#active === 0) this.#milliseconds += performance.now() - this.#since
    }
  }

  async #fetchOne(row: PackageRow): Promise<string | undefined> {
    const { signal: taskSignal, config } = this.#context
    this.#machinery ??= loadMachinery(taskSignal, config.taskTimeoutS * 1000 * SHARE)
    const { queue, fetchPackage, FetchError, signal } = await this.#machinery
    try {
      await queue.add(async () => {
        if (signal.aborted) throw new FetchError('timeout', 'the time for fetching was over before its turn came')
        await fetchPackage(row, { ...this.#context, say: (text) => this.#context.say('fetch', text), signal })
      })
    } catch (error) {
      if (!(error instanceof FetchError)) throw error
      this.#failed.add(row.id)
      this.#ranOut ||= signal.aborted
      this.#context.remark?.(`${packageLabel(row)} could not be fetched: ${error.message}`)
      const sentence = `${packageLabel(row)} could not be fetched: ${toClient(error)}`
      this.#context.say('fetch', sentence)
      return sentence
    }
    // From now on the row says where its files are.
    row.folder = this.#index.again(row.id)?.folder ?? null
    return row.folder === null ? `${packageLabel(row)} was removed again while it was needed` : undefined
  }
}

/** Sentences of ours that name no place are told as they are. */
function toClient({ kind, message }: { kind: FetchFailureKind; message: string }): string {
  return /:\/\/|(^|[\s'"(])\//.test(message) ? WHY[kind] : message
}

async function loadMachinery(taskSignal: AbortSignal, milliseconds: number) {
  const [{ default: PQueue }, { fetchPackage }, { FetchError }] = await Promise.all([
    import('p-queue'),
    import('../../../src/packages/supply/package.ts'),
    import('../../../src/packages/format/error.ts'),
  ])
  const signal = AbortSignal.any([taskSignal, AbortSignal.timeout(Math.round(milliseconds))])
  return { queue: new PQueue({ concurrency: AT_ONCE }), fetchPackage, FetchError, signal }
}
