/**
 * What is to be found out about a core, through as many debuggers as it takes: what has been told, what is still open, and
 * what was learned about debuginfo on the way. Owns which question is worth asking after others have failed; refuses to
 * let one failure cost more than what was asked.
 */
import { type Core, type CoreModule, moduleAt } from '../../../src/elf/core.ts'
import { count } from '../../../src/text/count.ts'
import type { Fault, PlainFrame, ThreadsAnswer } from './answers.ts'
import type { Conversation, Damage } from './told.ts'
import { isOfDamage, readComplaint } from './damage.ts'
import { DetailsRecord, type DivisorAt } from './details.ts'
import type { Opened } from './opening.ts'
import { type Cause, type LeftOut, ThreadRecord } from './thread_record.ts'

/** Modules that are left out one by one; after that all debuginfo is, at once. */
export const MAX_LEFT_OUT = 8
/** Other threads over whose values gdb may end, or hang; after that it is not asked for the values of any. */
const MAX_ENDS = 3
/**
 * The same for frames. Each of the first few takes several starts, since debuginfo may be to blame; those that follow are
 * asked for once each.
 */
const MAX_ENDS_OF_FRAMES = 8
const MAX_THOROUGH_ENDS = 2
const MAX_SPLIT_FILES = 100
const ASSERTION = /internal-error: .*/

/** Pretty printers: whose, and the folder inside. */
export interface LoadedPrinters {
  readonly name: string
  readonly folder: string
}

export class Inquiry {
  readonly core: Core
  readonly details: DetailsRecord
  readonly damage = new Map<CoreModule, Damage>()
  /** Sentences on questions that failed. */
  readonly problems: string[] = []
  /** Modules with debuginfo that could be left out. */
  readonly withDebuginfo: LeftOut
  /** Python of packages; none once gdb has ended over values that were printed by it. */
  printers: readonly LoadedPrinters[]
  /** gdb ends over where the crashed thread is, whatever debuginfo is left out: it is not asked that any more. */
  withoutPlace = false
  /** The texts together reached their limit: other threads were not asked about. */
  isTextFull = false
  /** Other threads of which a twin told. */
  askedOfTwins = 0
  /** Of the gdb that is asked: each sees files by names of its own, since what is left out changes the numbers of folders. */
  modulesOfFile: (path: string) => readonly CoreModule[]
  #onCrashed: ((frames: readonly PlainFrame[]) => void) | undefined
  #opened: Opened & { seen: ThreadsAnswer } | undefined
  #crashed: ThreadRecord | undefined
  #others: ThreadRecord[] = []
  readonly #ends: Record<'values' | 'frames', Cause[]> = { values: [], frames: [] }
  /** Of gdb's own, the first that failed. */
  #assertion: string | undefined
  /** What gdb failed at, by the module that was blamed. */
  readonly #suspected = new Map<CoreModule, string>()
  /** What no gdb lives with. */
  readonly missed = new Set<bigint>()
  #alwaysOut: LeftOut = new Set()

  constructor(
    core: Core,
    { withDebuginfo, printers, modulesOfFile, onCrashed, divisorAt }: {
      withDebuginfo: Iterable<CoreModule>
      printers: readonly LoadedPrinters[]
      modulesOfFile: (path: string) => readonly CoreModule[]
      /** Hears the crashed thread's frames once, when they are there and nothing else is. */
      onCrashed: (frames: readonly PlainFrame[]) => void
      divisorAt?: DivisorAt
    },
  ) {
    this.core = core
    this.details = new DetailsRecord(divisorAt)
    this.withDebuginfo = new Set(withDebuginfo)
    this.printers = printers
    this.modulesOfFile = modulesOfFile
    this.#onCrashed = onCrashed
  }

  /** The first gdb that understood the core says which threads there are. */
  open(opened: Opened & { seen: ThreadsAnswer }): void {
    if (this.#opened !== undefined) return
    this.#opened = opened
    for (const module of opened.undebugged) this.#damageOf(module).why ??= 'gdb does not take the file for debuginfo'
    for (const module of opened.unread) this.#damageOf(module).isUnread = true
    const { threads, selected } = opened.seen
    const known = new Set(this.core.threads.map(({ lwp }) => lwp))
    const alive = threads.filter(({ lwp }) => known.has(lwp))
    const records = alive.map((each) => new ThreadRecord(each))
    this.#crashed = records.find(({ number }) => number === selected)
    this.#others = records.filter((each) => each !== this.#crashed)
  }

  get isOpened(): boolean {
    return this.#opened !== undefined
  }

  get crashed(): ThreadRecord | undefined {
    return this.#crashed
  }

  get others(): readonly ThreadRecord[] {
    return this.#others
  }

  /** How many questions are open; it falls, or what is left out grows, or nothing more can be had. */
  get openCount(): number {
    const threads = [this.#crashed, ...this.#others].reduce((sum, each) => sum + (each?.openCount ?? 0), 0)
    return this.isOpened ? threads + this.details.openCount : Infinity
  }

  /** Characters of the threads' texts so far. */
  get textLength(): number {
    return [this.#crashed, ...this.#others].reduce((sum, each) => sum + (each?.textLength ?? 0), 0)
  }

  /** What the next gdb is to be started without; undefined: nothing is open any more. */
  nextLeftOut(): LeftOut | undefined {
    if (this.#opened === undefined) return this.#alwaysOut
    const others = this.isTextFull ? [] : this.#others
    const open = [this.#crashed, ...others].find((each) => each?.next !== undefined)
    if (open !== undefined) return this.effective(open)
    return this.details.isSettled ? undefined : this.effective(this.#crashed)
  }

  /** What a thread's questions are asked without. */
  effective(record: ThreadRecord | undefined): LeftOut {
    return record === undefined ? this.#alwaysOut : new Set([...this.#alwaysOut, ...record.leftOut])
  }

  /** No gdb lives with the debuginfo of these; `why`: how it ends. */
  leaveOut(modules: LeftOut, why: string): void {
    this.#alwaysOut = modules
    for (const module of modules) this.#suspected.set(module, why)
  }

  /** Hears what gdb says beside its answers. */
  hear(lines: readonly string[]): void {
    for (const line of lines) {
      this.#assertion ??= ASSERTION.exec(line)?.[0]
      const complaint = readComplaint(line)
      const modules = complaint?.file === undefined ? [] : this.modulesOfFile(complaint.file)
      for (const module of complaint === undefined ? [] : modules) {
        const damage = this.#damageOf(module)
        if (complaint?.splitFile === undefined) damage.why ??= complaint?.text
        else if (damage.splitFiles.size < MAX_SPLIT_FILES) damage.splitFiles.add(complaint.splitFile)
      }
    }
  }

  /** What to leave out when a thread's frames are asked for again, since gdb failed there; undefined: nothing is to blame. */
  suspects(record: ThreadRecord, fault: Fault, complaints: readonly string[]): LeftOut | undefined {
    this.hear([fault.why])
    const out = this.effective(record)
    const module = this.#suspect(record, fault, complaints, out)
    if (module === undefined) {
      // gdb names no file with some errors: then it can be that of any module.
      const isOfAny = isOfDamage(fault.why) && [...this.withDebuginfo].some((each) => !out.has(each))
      return isOfAny ? this.withDebuginfo : undefined
    }
    this.#suspected.set(module, fault.why)
    return out.size < MAX_LEFT_OUT ? new Set([...record.leftOut, module]) : this.withDebuginfo
  }

  /** The frames of a thread are settled. */
  announce(record: ThreadRecord): void {
    const frames = record === this.#crashed ? record.answer()?.frames ?? [] : []
    if (frames.length === 0) return
    this.#onCrashed?.(frames)
    this.#onCrashed = undefined
  }

  /** gdb ended or hung over another thread than the crashed one. */
  countEnd(part: 'values' | 'frames', cause: Cause): void {
    this.#ends[part].push(cause)
    const [ends, most] = [this.#ends[part], part === 'values' ? MAX_ENDS : MAX_ENDS_OF_FRAMES]
    if (ends.length < most) return
    const did = ends.every((each) => each === 'hung') ? 'hung' : ends.includes('hung') ? 'ended or hung' : 'ended'
    const why = `gdb ${did} over those of ${count(most, 'other thread')}`
    for (const each of this.#others) part === 'values' ? each.spareValues(why) : each.spareFrames(why)
  }

  /** gdb has ended or hung over the frames of so many threads that the next one is not worth more than one question. */
  get isWaryOfFrames(): boolean {
    return this.#ends.frames.length >= MAX_THOROUGH_ENDS
  }

  /** Nothing more is asked. */
  spareAll(why: string): void {
    for (const each of [this.#crashed, ...this.#others]) each?.spareAll(why)
    this.details.spare(why)
  }

  /** The modules that a thread was shown without. */
  markLeftOut(record: ThreadRecord): void {
    for (const module of this.effective(record)) {
      const damage = this.#damageOf(module)
      damage.why ??= this.#suspected.get(module)
      damage.isLeftOut = true
    }
  }

  conversation(): Conversation {
    const opened = this.#opened
    const known = new Set(this.core.threads.map(({ lwp }) => lwp))
    const told = [this.#crashed, ...this.#others].flatMap((each) => {
      const answer = each?.answer()
      if (answer === undefined) return []
      return [{ ...answer, leftOut: new Set([...this.effective(each), ...opened?.undebugged ?? []]) }]
    })
    return {
      version: opened?.seen.version ?? '',
      greeting: opened?.greeting ?? '',
      threads: told,
      threadCount: this.#others.length + (this.#crashed === undefined ? 0 : 1) || this.core.threads.length,
      ended: opened?.seen.threads.filter(({ lwp }) => !known.has(lwp)) ?? [],
      symbols: opened?.symbols ?? [],
      spared: opened?.spared ?? [],
      isTextFull: this.isTextFull,
      damage: [...this.damage.values()],
      assertion: this.#assertion,
      problems: this.problems,
      missed: [...this.missed],
      ...this.details.told,
      lostDetails: this.details.lost,
    }
  }

  #damageOf(module: CoreModule): Damage {
    const known = this.damage.get(module)
    if (known !== undefined) return known
    const damage: Damage = { module, why: undefined, splitFiles: new Set<string>(), isLeftOut: false, isUnread: false }
    this.damage.set(module, damage)
    return damage
  }

  #suspect(record: ThreadRecord, fault: Fault, complaints: readonly string[], out: LeftOut): CoreModule | undefined {
    if (!fault.isOfSymbols && !isOfDamage(fault.why)) return undefined
    const pc = fault.pc ?? this.core.threads.find(({ lwp }) => lwp === record.lwp)?.pc
    const here = pc === undefined ? undefined : moduleAt(this.core.modules, pc)
    const named = (line: string) => {
      const file = readComplaint(line)?.file
      const modules = file === undefined ? [] : this.modulesOfFile(file)
      return here !== undefined && modules.includes(here) ? [here] : modules
    }
    return [...named(fault.why), ...(here === undefined ? [] : [here]), ...complaints.toReversed().flatMap(named)]
      .find((each) => this.withDebuginfo.has(each) && !out.has(each))
  }
}
