/**
 * A gdb that starts while the files of the core are looked up: it has its Python loaded when they are there. It sees the core, and a
 * folder in which just those files appear (src/packages/keep/view.ts); the names that lead to them it makes itself, in its own
 * /tmp, which ends with it. Owns that it is used once, for what it was started for; whatever does not fit is left to a gdb that is started later.
 */
import type { Config } from '../../src/config/config.ts'
import { KeptView, type NoView } from '../../src/packages/keep/view.ts'
import type { Assembly } from './assemble.ts'
import { companionSettings, gdbArguments } from './gdb/arguments.ts'
import type { Engine } from './gdb/engine.ts'
import type { Answer } from './gdb/session.ts'
import { indexLinks } from './indexing/index_links.ts'
import { type RunContext, type StartedGdb, startGdb } from './run_gdb.ts'
import { INSIDE, MAX_LINKS } from './sandbox/arguments.ts'
import { FileNames } from './store_names.ts'

/**
 * Why a gdb is started late, or anew: there is no view, or not of all; another debugger is asked; the task has names that such a gdb
 * cannot make; the task was stopped; the gdb could not be started, or did not make the names, or set what belongs to the task.
 */
export type NotAsked =
  | NoView
  | { readonly kind: 'other-engine' | 'names' | 'stopped' | 'unstarted' }
  | { readonly kind: 'failed'; readonly at: 'names' | 'settings'; readonly answer: Answer['kind'] }

type AheadContext = Pick<RunContext, 'root' | 'cgroups'> & {
  readonly config: RunContext['config'] & Pick<Config, 'repoDir'>
  /** Hears, once, why the gdb is of no use. */
  onUnused(why: NotAsked): void
}

/** Where root/scripts/retrace.py makes names. */
const NAMES = '/tmp/root'
const PLACES = [INSIDE.sysroot, INSIDE.debug]
/** Links beside those of the task, of debug files that gdb finds by their names: they say where a library's own file lies. */
const BY_NAME = `${INSIDE.debug}${INSIDE.store}/`

export class GdbAhead implements AsyncDisposable {
  /** What the files of the task are to be called. */
  readonly names = new FileNames()
  /** Of those names: what it is to see, once that is known. */
  assembly: Assembly | undefined
  readonly #engine: Engine
  readonly #view: KeptView
  readonly #onUnused: AheadContext['onUnused']
  #started: StartedGdb | undefined

  private constructor(engine: Engine, view: KeptView, { started, onUnused }: {
    started: StartedGdb
    onUnused: AheadContext['onUnused']
  }) {
    this.#engine = engine
    this.#view = view
    this.#started = started
    this.#onUnused = onUnused
  }

  /** Undefined where nothing can be prepared. Never throws for what gdb or the wall does: who starts another one hears it. */
  static async start(
    engine: Engine | undefined,
    corePath: string,
    { onUnused, ...context }: AheadContext,
  ): Promise<GdbAhead | undefined> {
    if (engine === undefined) return undefined
    const view = KeptView.make(context.config.repoDir)
    if (!(view instanceof KeptView)) {
      onUnused(view)
      return undefined
    }
    const starting = startGdb(engine, {
      binds: [
        { from: corePath, at: INSIDE.core, isPrivate: true },
        { from: view.folder, at: INSIDE.store, isShared: true },
      ],
      links: PLACES.map((path) => ({ path, target: NAMES + path })),
      words: gdbArguments({ threadLibrary: undefined }),
      makesLinks: true,
    }, context)
    const started = await starting.catch(() => undefined)
    if (started !== undefined) return new GdbAhead(engine, view, { started, onUnused })
    view[Symbol.dispose]()
    onUnused({ kind: 'unstarted' })
    return undefined
  }

  /** For the first gdb that is asked, with all of the task in view, within a time; undefined: start one. */
  async take(
    engine: Engine,
    { limitMs, signal }: { limitMs: number; signal?: AbortSignal | undefined },
  ): Promise<StartedGdb & { assembly: Assembly } | undefined> {
    const { assembly } = this
    const started = this.#started
    if (started === undefined || assembly === undefined) return undefined
    this.#started = undefined
    const close = () => this.#close(started)
    const stop = () => void started.session.close()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const why = signal?.aborted === true
        ? { kind: 'stopped' as const }
        : engine === this.#engine
        ? await this.#prepare(started, assembly, limitMs)
        : { kind: 'other-engine' as const }
      if (why === undefined) return { session: started.session, close, assembly }
      this.#onUnused(signal?.aborted === true ? { kind: 'stopped' } : why)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    await close()
    return undefined
  }

  /** Undefined: it is ready. */
  async #prepare({ session }: StartedGdb, assembly: Assembly, limitMs: number): Promise<NotAsked | undefined> {
    const { links } = assembly
    const until = performance.now() + limitMs
    const leftMs = () => Math.max(1, until - performance.now())
    const indexes = indexLinks(this.#engine, assembly).map(({ path, target }) => ({ from: target, at: path }))
    const isOfOthers = assembly.binds.some(({ at }) => PLACES.includes(at)) ||
      links.some(({ path }) => path.startsWith(BY_NAME))
    if (links.length > MAX_LINKS || isOfOthers) return { kind: 'names' }
    const { files, folders } = this.names.places()
    const hidden = this.#view.show([...files, ...indexes], folders)
    if (hidden !== undefined) return hidden
    const named = await session.ask('names', [links.map(({ path, target }) => [path, target])], leftMs())
    if (named.kind !== 'done') return { kind: 'failed', at: 'names', answer: named.kind }
    const threadLibrary = assembly.threadLibraries.get(this.#engine.runsAs)
    // In the view, where gdb cannot write.
    const shown = indexes.length > 0 ? INSIDE.store + INSIDE.index : undefined
    for (const each of companionSettings({ threadLibrary, indexes: shown })) {
      const set = await session.command(`-gdb-set ${each}`, leftMs())
      if (set.kind !== 'done') return { kind: 'failed', at: 'settings', answer: set.kind }
    }
    return undefined
  }

  /** Its view goes whatever becomes of it. */
  async #close(started: StartedGdb): Promise<void> {
    try {
      await started.close()
    } finally {
      this.#view[Symbol.dispose]()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#started !== undefined) await this.#close(this.#started)
  }
}
