/**
 * What gdb is asked about the crashed thread's state and about the process. Owns which messages of libraries that gave
 * up are looked for, and when; each question fails alone.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { readRegisters, readText } from './answers.ts'
import type { Asker } from './asking.ts'

/** A C++ exception that nobody caught. */
export interface UncaughtException {
  readonly type: string
  /** what(), where the exception is one of the standard library's with a text. */
  readonly what: string | undefined
}

export interface Details {
  readonly libraries: string | undefined
  readonly instructions: string | undefined
  readonly signalInfo: string | undefined
  readonly registers: { name: string; value: string }[]
  readonly abortMessage: string | undefined
  readonly assertMessage: string | undefined
  readonly exception: UncaughtException | undefined
}

export const NO_DETAILS: Details = {
  libraries: undefined,
  instructions: undefined,
  signalInfo: undefined,
  registers: [],
  abortMessage: undefined,
  assertMessage: undefined,
  exception: undefined,
}

/** SIGABRT, and the trap of g_error(): only then a library leaves a message, and looking for it costs symbols. */
const GIVING_UP = new Set([5, 6])
const SHARE = 0.25
const BYTES_BEFORE_PC = 20
const BYTES_AFTER_PC = 64
/** What std::terminate() and its callers are named; some frames of raise() and abort() are above them. */
const THROWING = /^(__cxa_(re)?throw|std::terminate)/
const MAX_FRAMES_TO_THROW = 32

/** `functions`: names of the crashed thread's frames, the innermost first. The crashed thread is selected. */
export async function askDetails(
  asker: Asker,
  core: Core,
  functions: readonly (string | undefined)[],
): Promise<Details> {
  const text = async (what: string | undefined, command: string) =>
    readText((await asker.ask(what, 'text', { parameters: [command], share: SHARE })).data, 'text')
  const message = async (expression: string) =>
    readText((await asker.ask(undefined, 'string', { parameters: [expression], share: SHARE })).data, 'string')
  const gaveUp = GIVING_UP.has(signalOf(core))
  const threw = functions.slice(0, MAX_FRAMES_TO_THROW).some((name) => name !== undefined && THROWING.test(name))
  const window = { parameters: [BYTES_BEFORE_PC, BYTES_AFTER_PC], share: SHARE }
  return {
    registers: readRegisters((await asker.ask('registers', 'registers', { share: SHARE })).data),
    instructions: readText((await asker.ask(undefined, 'instructions', window)).data, 'text'),
    signalInfo: await text(undefined, 'print $_siginfo'),
    libraries: await text('shared libraries', 'info sharedlibrary'),
    // The first member of struct abort_msg_s is its size, the message follows: true with and without debuginfo.
    abortMessage: gaveUp ? await message('*(char **)&__abort_msg + 4') : undefined,
    assertMessage: gaveUp ? await message('*(char **)&__glib_assert_msg') : undefined,
    exception: gaveUp && threw ? await askException(asker) : undefined,
  }
}

async function askException(asker: Asker): Promise<UncaughtException | undefined> {
  const { data } = await asker.ask('the uncaught exception', 'exception', {
    parameters: [MAX_FRAMES_TO_THROW],
    share: SHARE,
  })
  const type = readText(data, 'exception')
  return type === undefined ? undefined : { type, what: readText(data, 'what') }
}
