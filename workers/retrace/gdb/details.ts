/**
 * What gdb is asked about the crashed thread's state and about the process. Owns which messages of libraries that gave
 * up are looked for, and when; each question fails alone, and is not asked again when gdb ended over it.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { readAddress, readRegisters, readText } from './answers.ts'
import { type Asker, causeOf, whyFailed } from './asking.ts'
import { askLanguages, type LanguagesAnswer } from './languages.ts'
import type { Answer } from './session.ts'
import type { Cause } from './thread_record.ts'

/** A C++ exception that nobody caught. */
export interface UncaughtException {
  readonly type: string
  /** what(), where the exception is one of the standard library's with a text. */
  readonly what: string | undefined
}

/** Words of the stack: the one that its pointer is at, and the one below, which a return has just taken. */
export interface StackTop {
  readonly below: bigint | undefined
  readonly at: bigint | undefined
}

export interface Details {
  readonly libraries: string | undefined
  readonly instructions: string | undefined
  readonly signalInfo: string | undefined
  readonly registers: { name: string; value: string }[]
  /** What a division took from memory; undefined: it did not, or nobody knows from where. */
  readonly divisor: bigint | undefined
  /** Where the process may have returned to what is no code. */
  readonly stackTop: StackTop | undefined
  readonly abortMessage: string | undefined
  readonly assertMessage: string | undefined
  readonly exception: UncaughtException | undefined
  /** What interpreters were doing; undefined: there is none. */
  readonly languages: LanguagesAnswer | undefined
}

export const NO_DETAILS: Details = {
  libraries: undefined,
  instructions: undefined,
  signalInfo: undefined,
  registers: [],
  divisor: undefined,
  stackTop: undefined,
  abortMessage: undefined,
  assertMessage: undefined,
  exception: undefined,
  languages: undefined,
}

/** SIGABRT, and the trap of g_error(): only then a library leaves a message, and looking for it costs symbols. */
const GIVING_UP = new Set([5, 6])
const SIGFPE = 8
/** SIGBUS and SIGSEGV. */
const FAULTS = new Set([7, 11])
const SHARE = 0.25
const BYTES_BEFORE_PC = 20
const BYTES_AFTER_PC = 64
/** What std::terminate() and its callers are named; some frames of raise() and abort() are above them. */
const THROWING = /^(__cxa_(re)?throw|std::terminate)/
const MAX_FRAMES_TO_THROW = 32
/** GLib's functions that keep their message for debuggers. */
const ASSERTING = /^g_assert/

/** A detail that gdb ended or hung over. */
export interface LostDetail {
  readonly what: string
  readonly cause: Cause
  readonly why: string
}

interface Asking {
  readonly asker: Asker
  readonly core: Core
  /** Names of the crashed thread's frames, the innermost first. */
  readonly functions: readonly (string | undefined)[]
  /** What was found before. */
  readonly told: Details
  readonly divisorAt: DivisorAt | undefined
}

/** Where a division had its divisor in memory, by registers and instructions; undefined: nowhere there. */
export type DivisorAt = (core: Core, told: Details) => Place | undefined

export interface Place {
  readonly address: bigint
  /** In bytes. */
  readonly size: number
}

/** A question: how it is called, and what it finds; `undefined` where it need not be asked. */
interface Step<Name extends keyof Details> {
  readonly what: string
  /** It is of values, which a core whose sender kept them back does not have. */
  readonly isOfValues?: true
  find(asking: Asking): Promise<Found<Details[Name]>> | undefined
}

interface Found<Value> {
  readonly answer: Answer
  readonly value: Value
}

/** In this order. */
const STEPS: { readonly [Name in keyof Details]: Step<Name> } = {
  registers: {
    what: 'the registers',
    find: async ({ asker }) => {
      const answer = await asker.ask('registers', 'registers', { share: SHARE })
      return { answer, value: readRegisters(answer.data) }
    },
  },
  instructions: {
    what: 'the instructions around the crash',
    find: async ({ asker }) => {
      const window = { parameters: [BYTES_BEFORE_PC, BYTES_AFTER_PC], share: SHARE }
      return withText(await asker.ask('the instructions around the crash', 'instructions', window), 'text')
    },
  },
  divisor: {
    what: 'the divisor',
    isOfValues: true,
    find: ({ asker, core, told, divisorAt }) => {
      const place = signalOf(core) === SIGFPE ? divisorAt?.(core, told) : undefined
      return place === undefined ? undefined : numberAt(asker, place)
    },
  },
  stackTop: {
    what: 'the words at the top of the stack',
    isOfValues: true,
    find: ({ asker, core }) => mayHaveReturned(core) ? stackTop(asker) : undefined,
  },
  signalInfo: {
    what: 'what the signal says',
    isOfValues: true,
    find: async ({ asker }) => withText(await command(asker, undefined, 'print $_siginfo'), 'text'),
  },
  libraries: {
    what: 'the table of shared libraries',
    find: async ({ asker }) => withText(await asker.ask('shared libraries', 'library_table', { share: SHARE }), 'text'),
  },
  abortMessage: {
    what: 'the message of the C library',
    isOfValues: true,
    // The first member of struct abort_msg_s is its size, the message follows: true with and without debuginfo.
    find: ({ asker, core }) => gaveUp(core) ? message(asker, '*(char **)&__abort_msg + 4') : undefined,
  },
  assertMessage: {
    what: 'the message of GLib',
    isOfValues: true,
    // Looked for in all debuginfo before gdb comes to GLib, a tenth of a second with large libraries: only where GLib has set it.
    find: ({ asker, core, functions }) =>
      gaveUp(core) && hasAny(functions, ASSERTING) ? message(asker, '*(char **)&__glib_assert_msg') : undefined,
  },
  exception: {
    what: 'the uncaught exception',
    isOfValues: true,
    find: ({ asker, core, functions }) =>
      gaveUp(core) && hasAny(functions.slice(0, MAX_FRAMES_TO_THROW), THROWING) ? exceptionOf(asker) : undefined,
  },
  languages: {
    what: 'the stacks of languages',
    isOfValues: true,
    find: askLanguages,
  },
}

/** What has been told, over all debuggers that were asked. */
export class DetailsRecord {
  readonly lost: LostDetail[] = []
  readonly #divisorAt: DivisorAt | undefined
  #told: Partial<Details> = {}
  #open = new Set(Object.keys(STEPS) as (keyof Details)[])

  constructor(divisorAt?: DivisorAt) {
    this.#divisorAt = divisorAt
  }

  get told(): Details {
    return { ...NO_DETAILS, ...this.#told }
  }

  get openCount(): number {
    return this.#open.size
  }

  get isSettled(): boolean {
    return this.#open.size === 0
  }

  /** The crashed thread is selected. Ends where gdb does; `isLast`: no other one is asked what that was over. */
  async ask(asking: Omit<Asking, 'told' | 'divisorAt'>, isLast: boolean): Promise<void> {
    for (const name of [...this.#open]) {
      if (asking.asker.isOver) return
      if (!await this.#askOne(name, { ...asking, told: this.told, divisorAt: this.#divisorAt }, isLast)) return
    }
  }

  /** What has not been told is not asked any more. */
  spare(why: string): void {
    for (const name of this.#open) this.lost.push({ what: STEPS[name].what, cause: 'spared', why })
    this.#open.clear()
  }

  async #askOne<Name extends keyof Details>(name: Name, asking: Asking, isLast: boolean): Promise<boolean> {
    const step: Step<Name> = STEPS[name]
    const isSpared = step.isOfValues === true && asking.core.keptBack !== undefined
    const found = isSpared ? undefined : await step.find(asking)
    const why = found?.answer.kind === 'ended' || found?.answer.kind === 'interrupted'
      ? whyFailed(found.answer)
      : undefined
    const isWithoutTime = why !== undefined && asking.asker.isLate
    // What came of it before it was over counts.
    if (found?.value !== undefined) this.#told[name] = found.value
    if (isWithoutTime || (found?.answer.kind === 'ended' && !isLast)) return false
    this.#open.delete(name)
    if (why !== undefined && found !== undefined) {
      this.lost.push({ what: step.what, cause: causeOf(found.answer), why })
    }
    return found?.answer.kind !== 'ended'
  }
}

/** SIGABRT, and the trap of g_error(). */
function gaveUp(core: Core): boolean {
  return GIVING_UP.has(signalOf(core))
}

/** The address that could not be used is that of the instruction, or none that an access can have. */
function mayHaveReturned(core: Core): boolean {
  const { siginfo, threads } = core
  if (siginfo === undefined || !FAULTS.has(signalOf(core)) || siginfo.code <= 0) return false
  return siginfo.address === undefined || siginfo.address === threads[0]?.pc
}

async function stackTop(asker: Asker): Promise<Found<StackTop | undefined>> {
  const answer = await asker.ask(undefined, 'stack_top', { share: SHARE })
  return { answer, value: { below: readAddress(answer.data, 'below'), at: readAddress(answer.data, 'at') } }
}

async function numberAt(asker: Asker, { address, size }: Place): Promise<Found<bigint | undefined>> {
  const answer = await asker.ask(undefined, 'number', { parameters: [`${address}`, size], share: SHARE })
  return { answer, value: readAddress(answer.data, 'number') }
}

function command(asker: Asker, what: string | undefined, line: string): Promise<Answer> {
  return asker.ask(what, 'text', { parameters: [line], share: SHARE })
}

async function message(asker: Asker, expression: string): Promise<Found<string | undefined>> {
  return withText(await asker.ask(undefined, 'string', { parameters: [expression], share: SHARE }), 'string')
}

function hasAny(functions: readonly (string | undefined)[], pattern: RegExp): boolean {
  return functions.some((name) => name !== undefined && pattern.test(name))
}

function withText(answer: Answer, name: string): Found<string | undefined> {
  return { answer, value: readText(answer.data, name) }
}

async function exceptionOf(asker: Asker): Promise<Found<UncaughtException | undefined>> {
  const parameters = [MAX_FRAMES_TO_THROW]
  const answer = await asker.ask('the uncaught exception', 'exception', { parameters, share: SHARE })
  const type = readText(answer.data, 'exception')
  return { answer, value: type === undefined ? undefined : { type, what: readText(answer.data, 'what') } }
}
