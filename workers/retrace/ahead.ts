/**
 * A gdb that starts while the files of the core are looked up: it has its Python loaded when they are there. It sees the core, and a
 * folder in which just those files appear (src/packages/keep/view.ts); the names that lead to them it makes itself, in its own
 * /tmp, which ends with it. Owns that it is used once, for what it was started for; whatever does not fit is left to a gdb that is started later.
 */
import type { Config } from '../../src/config/config.ts'
import { KeptView } from '../../src/packages/keep/view.ts'
import type { Assembly } from './assemble.ts'
import { companionSettings, gdbArguments } from './gdb/arguments.ts'
import type { Engine } from './gdb/engine.ts'
import { indexLinks } from './indexing/index_links.ts'
import { type RunContext, type StartedGdb, startGdb } from './run_gdb.ts'
import { INSIDE, MAX_LINKS } from './sandbox/arguments.ts'
import { FileNames } from './store_names.ts'

type AheadContext = Pick<RunContext, 'root' | 'cgroups'> & {
  readonly config: RunContext['config'] & Pick<Config, 'repoDir'>
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
  #started: StartedGdb | undefined

  private constructor(engine: Engine, view: KeptView, started: StartedGdb) {
    this.#engine = engine
    this.#view = view
    this.#started = started
  }

  /** Undefined where nothing can be prepared. Never throws for what gdb or the wall does: who starts another one hears it. */
  static async start(
    engine: Engine | undefined,
    corePath: string,
    context: AheadContext,
  ): Promise<GdbAhead | undefined> {
    const view = engine === undefined ? undefined : KeptView.make(context.config.repoDir)
    if (engine === undefined || view === undefined) return undefined
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
    if (started !== undefined) return new GdbAhead(engine, view, started)
    view[Symbol.dispose]()
    return undefined
  }

  /** For the first gdb that is asked, with all of the task in view; undefined: start one. */
  async take(engine: Engine, limitMs: number): Promise<StartedGdb & { assembly: Assembly } | undefined> {
    const { assembly } = this
    const started = this.#started
    if (started === undefined || assembly === undefined) return undefined
    this.#started = undefined
    const close = async () => {
      await started.close()
      this.#view[Symbol.dispose]()
    }
    if (engine === this.#engine && await this.#prepare(started, assembly, limitMs)) {
      return { session: started.session, close, assembly }
    }
    await close()
    return undefined
  }

  async #prepare({ session }: StartedGdb, assembly: Assembly, limitMs: number): Promise<boolean> {
    const { links } = assembly
    const indexes = indexLinks(this.#engine, assembly).map(({ path, target }) => ({ from: target, at: path }))
    if (links.length > MAX_LINKS || assembly.binds.some(({ at }) => PLACES.includes(at))) return false
    if (links.some(({ path }) => path.startsWith(BY_NAME))) return false
    const { files, folders } = this.names.places()
    if (!this.#view.show([...files, ...indexes], folders)) return false
    const named = await session.ask('names', [links.map(({ path, target }) => [path, target])], limitMs)
    if (named.kind !== 'done') return false
    const threadLibrary = assembly.threadLibraries.get(this.#engine.runsAs)
    // In the view, where gdb cannot write.
    const shown = indexes.length > 0 ? INSIDE.store + INSIDE.index : undefined
    for (const each of companionSettings({ threadLibrary, indexes: shown })) {
      if ((await session.command(`-gdb-set ${each}`, limitMs)).kind !== 'done') return false
    }
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#started === undefined) return
    await this.#started.close()
    this.#view[Symbol.dispose]()
  }
}
