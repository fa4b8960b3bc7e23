/**
 * Step `debug`: gdb in the sandbox, as often as it takes. Owns which engine is asked when, and without what: one that ends is
 * followed by the next one, and the last one is started again behind what it ended over. Refuses an answer that
 * contradicts the core's own notes.
 */
import { count } from '../../src/text/count.ts'
import { type Core, type CoreModule, moduleAt } from '../../src/elf/core.ts'
import type { GdbAhead } from './ahead.ts'
import type { Assembly } from './assemble.ts'
import { divisorInMemory } from './exploitable/class.ts'
import { currentInstruction } from './exploitable/instruction.ts'
import type { Details } from './gdb/details.ts'
import type { Conversation } from './gdb/told.ts'
import type { PlainFrame } from './gdb/answers.ts'
import { withinBounds } from './gdb/bounds.ts'
import { culprits } from './gdb/culprits.ts'
import type { Engine } from './gdb/engine.ts'
import { fileFinder } from './gdb/file_finder.ts'
import { Inquiry, MAX_LEFT_OUT } from './gdb/inquiry.ts'
import { conversationWithoutValues } from './gdb/kept_back.ts'
import type { FailedOpening } from './gdb/opening.ts'
import type { SessionEnd } from './gdb/session.ts'
import type { LeftOut } from './gdb/thread_record.ts'
import { boundsOf, type Run, type RunContext, runGdb } from './run_gdb.ts'
import type { Deadline } from './time/deadline.ts'
import { unlessUnfit } from './unfit.ts'

export interface Debugged {
  /** The engine that the answer is of; undefined when none can be believed. */
  readonly engine: string | undefined
  readonly conversation: Conversation | undefined
  /** Why no gdb could be asked any more, although there was something left to ask. */
  readonly end: SessionEnd | undefined
  /** gdb's own warnings: for the log, never for the text. */
  readonly warnings: string[]
  /** Sentences on engines that were passed over, in the order in which they were tried. */
  readonly rejected: string[]
  readonly peakMb: number
  /** Resolves when nothing of the last gdb runs any more. */
  readonly closed: Promise<void>
}

export interface DebugContext extends RunContext {
  /** Started while the core's files were looked up. */
  readonly ahead?: GdbAhead | undefined
  readonly engines: readonly Engine[]
  /** How many more debuggers may work now without taking a processor from somebody, at most so many. */
  processorsToSpare(most: number): number
  /** Hears which engine answers, and why others are passed over. */
  say(line: string): void
  /** Hears the crashed thread's frames before anything else is asked. */
  onCrashed(frames: readonly PlainFrame[]): void
}

/** Of the time left, for opening the core. */
const OPENING_SHARE = 0.3
/** But at least this long: a gdb takes a second to come up on a busy machine, and another one takes no less. */
const MIN_OPENING_MS = 5_000
/** Starts of gdb for one core. */
const MAX_STARTS = 40
/** Of the time left, for finding out what gdb does not live with. */
const SEARCH_SHARE = 0.5
const MAX_WARNINGS = 400

/** `assemble`: the task's part of the sandbox, without the debuginfo of some modules. */
export async function debugCore(
  core: Core,
  assemble: (leftOut: LeftOut) => Assembly,
  context: DebugContext,
): Promise<Debugged> {
  return await new Debugging(core, assemble, context).run()
}

class Debugging {
  readonly #core: Core
  readonly #assemble: (leftOut: LeftOut) => Assembly
  readonly #context: DebugContext
  readonly #inquiry: Inquiry
  /** Those that can be asked still, in this order. */
  readonly #engines: Engine[]
  #at = 0
  #engine: string | undefined
  #starts = 0
  #peakMb = 0
  #closed = Promise.resolve()
  #hasSearched = false
  readonly #warnings: string[] = []
  readonly #rejected: string[] = []

  constructor(core: Core, assemble: (leftOut: LeftOut) => Assembly, context: DebugContext) {
    this.#core = core
    this.#assemble = assemble
    this.#context = context
    const { files, printers } = context.ahead?.assembly ?? assemble(new Set())
    this.#inquiry = new Inquiry(core, {
      withDebuginfo: files.filter(({ debuginfo }) => debuginfo.length > 0).map(({ module }) => module),
      printers,
      modulesOfFile: fileFinder(files),
      onCrashed: context.onCrashed,
      divisorAt,
    })
    const { architecture } = core
    this.#engines = context.engines.filter(({ serves }) => architecture !== undefined && serves(architecture))
  }

  async run(): Promise<Debugged> {
    const last = await this.#ask()
    const end = this.#inquiry.isOpened || this.#context.signal.aborted ? last : await unlessUnfit(last, this.#context)
    return {
      engine: this.#engine,
      conversation: this.#inquiry.isOpened
        ? conversationWithoutValues(bounded(this.#inquiry.conversation(), this.#context), this.#core)
        : undefined,
      end,
      warnings: this.#warnings,
      rejected: this.#rejected,
      peakMb: this.#peakMb,
      closed: this.#closed,
    }
  }

  /** Until nothing is open, or nobody can be asked: then why. */
  async #ask(): Promise<SessionEnd | undefined> {
    for (;;) {
      const leftOut = this.#inquiry.nextLeftOut()
      const engine = this.#engines[this.#at]
      if (leftOut === undefined || engine === undefined) return undefined
      if (this.#isOver) return this.#inquiry.isOpened ? undefined : outOfTime(engine)
      const open = this.#inquiry.openCount
      const { verdict, end } = await this.#start(engine, leftOut)
      if (verdict.kind === 'contradicts') {
        this.#remove(engine, `does not understand this core: ${verdict.why.join('; ')}`)
      } else if (end?.kind === 'closed' || (end?.kind === 'memory' && verdict.kind === 'unopened')) return end
      else if (verdict.kind === 'unopened') {
        if (!await this.#unopened(engine, end, verdict.failed)) return this.#isOver ? outOfTime(engine) : end
      } else if (end !== undefined) this.#ended(engine, end, verdict.endedDividing)
      else if (this.#inquiry.openCount >= open && this.#inquiry.nextLeftOut()?.size === leftOut.size) return undefined
      if (this.#starts >= MAX_STARTS) {
        if (!this.#inquiry.isOpened) return end
        this.#inquiry.spareAll(`gdb was started ${MAX_STARTS} times`)
      }
    }
  }

  get #isOver(): boolean {
    return this.#context.deadline.isOver || this.#context.signal.aborted
  }

  get #isLast(): boolean {
    return this.#at >= this.#engines.length - 1
  }

  async #start(engine: Engine, leftOut: LeftOut, openOnly = false): Promise<Run> {
    this.#starts++
    if (leftOut.size > 0 && !openOnly) {
      this.#context.say(`${engine.name} is asked without the debuginfo of ${namesOf(leftOut)}`)
    }
    const { ahead, deadline, say, signal } = this.#context
    // Where one has failed, what it was asked comes in the order in which it failed.
    const twins = (most: number) => this.#starts === 1 ? this.#context.processorsToSpare(most) : 0
    const asked = { leftOut, isLast: this.#isLast, openingMs: openingTime(deadline), openOnly, twins }
    await this.#closed
    const started = leftOut.size > 0 ? undefined : await ahead?.take(engine, {
      limitMs: asked.openingMs,
      signal,
    })
    const assembly = started?.assembly ?? this.#assemble(leftOut)
    this.#inquiry.modulesOfFile = fileFinder(assembly.files)
    if (this.#inquiry.printers.length > 0) this.#inquiry.printers = assembly.printers
    const before = this.#inquiry.askedOfTwins
    const run = await runGdb(
      engine,
      { assembly, inquiry: this.#inquiry, started, ...asked },
      this.#context,
    )
    this.#closed = run.closed
    this.#peakMb = Math.max(this.#peakMb, run.peakMb)
    this.#warnings.push(...run.warnings.slice(0, MAX_WARNINGS - this.#warnings.length))
    if (run.verdict.kind !== 'asked' || openOnly) return run
    const { version } = run.verdict
    const byTwins = this.#inquiry.askedOfTwins - before
    if (byTwins > 0) {
      this.#warnings.push(
        `${count(byTwins, 'thread')} told by twins of ${engine.name}, since a processor was free`,
      )
    }
    if (this.#engine !== engine.name) say(`${engine.name} reads this core${version ? `: gdb ${version}` : ''}`)
    this.#engine = engine.name
    return run
  }

  #remove(engine: Engine, why: string): void {
    this.#passOver(engine, why)
    this.#engines.splice(this.#at, 1)
    this.#at = Math.max(0, Math.min(this.#at, this.#engines.length - 1))
  }

  #passOver(engine: Engine, why: string): void {
    this.#rejected.push(`${engine.name} ${why}`)
    this.#context.say(`passing over ${this.#rejected.at(-1)}`)
  }

  #ended(engine: Engine, end: SessionEnd, isForTwins = false): void {
    if (this.#isLast || end.kind === 'memory' || isForTwins) {
      this.#context.say(`${engine.name} did not come to its end: ${end.detail}; it is started again behind that`)
      return
    }
    this.#passOver(engine, `did not come to its end: ${end.detail}`)
    this.#at++
  }

  /** It ended before it said anything. False: there is nobody else, and nothing that could be left out. */
  async #unopened(
    engine: Engine,
    end: SessionEnd | undefined,
    failed: FailedOpening | undefined,
  ): Promise<boolean> {
    const at = failed === undefined ? '' : ` (it was at ${failed.at})`
    const why = `did not open this core: ${end?.detail ?? 'it did not say which threads it sees'}${at}`
    if (!this.#isLast) {
      this.#passOver(engine, why)
      this.#at++
      return true
    }
    if (this.#inquiry.isOpened) {
      this.#remove(engine, why)
      return this.#engines.length > 0
    }
    this.#passOver(engine, why)
    this.#at = 0
    const isOverPlace = failed?.isOverPlace === true && !this.#inquiry.withoutPlace
    // A search takes such a time for each try.
    const isSlowPlace = isOverPlace && failed.isLate
    if (!isSlowPlace && !this.#hasSearched && await this.#searchCulprits(end?.detail ?? why)) return true
    if (isOverPlace) this.#inquiry.withoutPlace = true
    return isOverPlace
  }

  /** What debuginfo to leave out so that the first engine lives. */
  async #searchCulprits(why: string): Promise<boolean> {
    this.#hasSearched = true
    const [engine] = this.#engines
    const modules = [...this.#inquiry.withDebuginfo]
    const pc = this.#core.threads[0]?.pc
    const first = pc === undefined ? undefined : moduleAt(this.#core.modules, pc)
    const until = performance.now() + this.#context.deadline.share(SEARCH_SHARE)
    const search = culprits(modules, { first, most: MAX_LEFT_OUT })
    let step = search.next()
    while (!step.done && engine !== undefined && !this.#isOver) {
      if (performance.now() > until || this.#starts >= MAX_STARTS) return this.#leaveOut(new Set(modules), why)
      const { verdict } = await this.#start(engine, step.value, true)
      step = search.next(verdict.kind === 'asked')
    }
    if (step.done === true && step.value !== undefined) return this.#leaveOut(step.value, why)
    if (step.done === true && modules.length > 0) this.#rejected.push('Without debuginfo it was no better')
    return false
  }

  #leaveOut(modules: ReadonlySet<CoreModule>, why: string): true {
    this.#inquiry.leaveOut(modules, why)
    return true
  }
}

function divisorAt({ architecture }: Core, { instructions, registers }: Details) {
  const values = new Map(registers.map(({ name, value }) => [name, BigInt(value)]))
  return divisorInMemory(currentInstruction(instructions), architecture, values)
}

function bounded(conversation: Conversation, { config }: DebugContext): Conversation {
  return { ...conversation, threads: withinBounds(conversation.threads, boundsOf(config)) }
}

function namesOf(modules: LeftOut): string {
  const names = [...modules].map(({ path }) => path.slice(path.lastIndexOf('/') + 1) || 'a module without name')
  return names.length > MAX_LEFT_OUT ? `all ${count(names.length, 'module')}` : names.join(', ')
}

function outOfTime({ name }: Engine): SessionEnd {
  return { kind: 'timeout', detail: `the time was over before ${name} had opened the core` }
}

function openingTime(deadline: Deadline): number {
  return Math.max(deadline.share(OPENING_SHARE), Math.min(deadline.leftMs(), MIN_OPENING_MS))
}
