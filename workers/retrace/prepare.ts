/**
 * What a worker does while its core still arrives: it starts the debugger, and reads, looks up and fetches what is there of the core, so
 * that the task finds all of that done. The task reads and resolves everything again: nothing that a part of a core says is
 * believed, and what the index said only for a moment. Owns that all of it ends with it, or after the time of a task, that all looks
 * together fetch no more than a task may, and that nothing that goes wrong here costs the task anything.
 */
import { lstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../src/database/database.ts'
import type { Core } from '../../src/elf/core.ts'
import { PackageIndex } from '../../src/packages/index/lookup.ts'
import { PackageUses } from '../../src/packages/index/use.ts'
import { readManifest } from '../../src/task/manifest.ts'
import type { Task } from '../../src/task/task.ts'
import { GdbAhead } from './ahead.ts'
import { startedLate } from './late_start.ts'
import { claimedArchitecture, readArriving } from './read.ts'
import { Fetcher } from './resolve/fetcher.ts'
import { RememberingIndex } from './resolve/remembering_index.ts'
import { resolveModules } from './resolve/resolve.ts'
import { MAX_PROCESSES } from './sandbox/arguments.ts'
import { type CgroupHome, usableCgroups } from './sandbox/cgroup.ts'
import type { Tools } from './tools.ts'

/** Pauses before each look at the core, which is read anew where it has grown. */
const PAUSES_MS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000]

/** Of the time of a task, for which packages are in use at most: this takes that time once, and so does the task. */
const TIMES_OF_TASK = 3
/** For so long the index is not asked again: a task that began then would have had the same answers. */
const BELIEVED_MS = 5_000

/** What came of it: the task's from here on. */
export interface Prepared {
  readonly database: Database
  readonly uses: PackageUses
  /** With what it was asked at the last look; undefined: that is too long ago. */
  readonly index: RememberingIndex | undefined
}

export class Preparation implements AsyncDisposable {
  /** As the task needs them. */
  readonly cgroups: CgroupHome | undefined
  readonly #draft: Task
  readonly #tools: Tools
  readonly #stop = new AbortController()
  readonly #core: string
  readonly #gdb: Promise<GdbAhead | undefined>
  readonly #looking: Promise<Omit<Prepared, 'index'> | undefined>
  #last: { index: RememberingIndex; at: number } | undefined
  readonly #expiry: ReturnType<typeof setTimeout>
  #isOver = false
  #index: RememberingIndex | undefined
  /** It has come: nothing more is looked at. */
  readonly #come = new AbortController()

  /** `draft`: the directory in which the core arrives. It may go, or get another name, at any time. */
  constructor(draft: Task, tools: Tools) {
    this.cgroups = usableCgroups({ memoryMb: tools.config.taskMemoryMb, processes: MAX_PROCESSES })
    this.#draft = draft
    this.#tools = { ...tools, signal: AbortSignal.any([tools.signal, this.#stop.signal]) }
    this.#core = identityOf(draft.file('coredump'))
    this.#gdb = this.#startGdb().catch(() => undefined)
    this.#looking = this.#look().catch(() => undefined)
    // Packages that are in use are not evicted, and a debugger takes memory.
    const end = () => void this[Symbol.asyncDispose]().catch(() => undefined)
    this.#expiry = setTimeout(end, tools.config.taskTimeoutS * 1000)
    this.#expiry.unref()
  }

  /** The debugger that sees this core; undefined: there is none. It is the caller's. */
  async gdbOf(corePath: string): Promise<GdbAhead | undefined> {
    clearTimeout(this.#expiry)
    const gdb = await this.#gdb
    if (this.#isOver) return undefined
    return this.#core !== '' && identityOf(corePath) === this.#core ? gdb : undefined
  }

  /** Looks no further. Resolves when what is being fetched is here, or with `signal`, which gives it up. */
  async come(signal: AbortSignal): Promise<Prepared | undefined> {
    this.#come.abort()
    signal.addEventListener('abort', () => this.#stop.abort(), { once: true })
    if (signal.aborted) this.#stop.abort()
    const prepared = await this.#looking
    if (this.#isOver) return undefined
    const last = this.#last
    const index = last !== undefined && performance.now() - last.at < BELIEVED_MS ? last.index : undefined
    return prepared && { ...prepared, index }
  }

  async #startGdb(): Promise<GdbAhead | undefined> {
    const { engines, said } = this.#tools
    const path = this.#draft.file('coredump')
    const claimed = claimedArchitecture(path)
    return await GdbAhead.start(engines.find(({ serves }) => claimed !== undefined && serves(claimed)), path, {
      ...this.#tools,
      cgroups: this.cgroups,
      onUnused: (why) => said.note('debug', startedLate(why)),
    })
  }

  async #look(): Promise<Omit<Prepared, 'index'>> {
    const { config } = this.#tools
    const database = openDatabase(config.database, { demandCurrent: true })
    const prepared = { database, uses: new PackageUses(database, config.taskTimeoutS * TIMES_OF_TASK) }
    const fetcher = new Fetcher({
      ...this.#tools,
      ...prepared,
      say: (_, text) => this.#tools.said.say('fetch', text),
      onFetched: () => this.#index?.forget(),
    }, new PackageIndex(database, this.#tools.formats))
    let seen = 0
    try {
      for (const pause of PAUSES_MS) {
        await sleep(pause, undefined, { signal: this.#come.signal })
        this.#come.signal.throwIfAborted()
        const size = lstatSync(this.#draft.file('coredump')).size
        if (size <= seen) continue
        seen = size
        await this.#lookUp({ ...prepared, fetcher })
      }
    } catch {
      // Enough was looked at; or something is wrong with disk, core or database, which the task meets again, and says.
    }
    return prepared
  }

  /** Only modules whose build-id has come: of others packages would be fetched that may not be theirs. */
  async #lookUp({ database, uses, fetcher }: Omit<Prepared, 'index'> & { fetcher: Fetcher }): Promise<void> {
    const core: Core | undefined = readArriving(this.#draft.file('coredump'))
    if (core === undefined) return
    const at = performance.now()
    const index = this.#index = new RememberingIndex(database, this.#tools.formats)
    const modules = core.modules.filter(({ buildId }) => buildId !== undefined)
    await resolveModules({ ...core, modules }, readManifest(this.#draft), {
      ...this.#tools,
      database,
      uses,
      index,
      fetcher,
      say: () => undefined,
    })
    this.#last = { index, at }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#expiry)
    this.#come.abort()
    this.#stop.abort()
    // First of all: it forgets the uses of this process, and a task that comes now has some of its own.
    const prepared = await this.#looking
    prepared?.uses[Symbol.dispose]()
    await (await this.#gdb)?.[Symbol.asyncDispose]()
  }
}

/** Which file it is; '' where there is none. */
function identityOf(path: string): string {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found?.isFile() === true ? `${found.dev}:${found.ino}` : ''
}
