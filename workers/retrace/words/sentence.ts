/**
 * A crash in one sentence: 'python3.11 of debian-12 read address 0x0 in strlen, called by string_at (_ctypes.c:5564)'.
 * It may hold names and messages of strangers: it is one line, cut where it grows too long.
 */
import type { Core } from '../../../src/elf/core.ts'
import { count } from '../../../src/text/count.ts'
import { cutText, escapeText } from '../../../src/text/escape.ts'
import type { Crash } from '../crash/crash.ts'
import { firstOwn, machineryOf } from '../crash/machinery.ts'
import { plainFunction } from '../crash/names.ts'
import type { What } from '../crash/what.ts'
import { KEPT_BACK } from '../gdb/kept_back.ts'
import type { ReportFrame } from '../report/frames.ts'
import { signalName } from '../report/signal.ts'

const MAX_SENTENCE = 500
const MAX_NAME = 120
const MAX_MESSAGE = 200
/** Functions of a cycle that are named. */
const MAX_NAMED = 4
/** The last part of a release id. */
const ARCHITECTURE = /-(amd64|x86_64|i[3-6]86|arm64|aarch64|armhf|armv7hl|ppc64el|ppc64le|s390x|riscv64)$/

export function sentenceOf(
  { what, crashed }: Pick<Crash, 'what' | 'crashed'>,
  { core, release }: { core: Core; release: string | undefined },
): string {
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  const name = baseOf(program ?? '') || core.process?.name || 'A program'
  const of = release === undefined ? '' : ` of ${release.replace(ARCHITECTURE, '')}`
  const frames = crashed?.frames ?? []
  const where = whereOf(frames, what) + handledIn(frames)
  const said = `${name}${of} ${did(what)}`
  return escapeText(where === '' ? said.replace(/,$/, '') : `${said} ${where}`, { length: MAX_SENTENCE })
}

/** What to do first; undefined: there is no newer package of what is to blame. */
export function updateText({ blame }: Pick<Crash, 'blame'>): string | undefined {
  if (blame?.package === undefined || blame.newer === undefined) return undefined
  return `Update ${blame.package} first: ${blame.newer} is newer than ${blame.version ?? 'that'}.`
}

/** What the program did, as the predicate of the sentence. */
function did(what: What): string {
  switch (what.kind) {
    case 'alive':
      return 'was alive when its core was made,'
    case 'stack-overflow':
      return overflowed(what)
    case 'exception': {
      const text = what.what === undefined ? '' : ` (${quoted(what.what)})`
      return `ended by an uncaught exception ${cut(what.type, MAX_NAME)}${text}, thrown`
    }
    case 'assertion': {
      const glibc = /: Assertion `([^]*)' failed\.$/.exec(what.text)?.[1]
      return glibc === undefined
        ? `failed an assertion (${quoted(what.text)})`
        : `failed the assertion ${quoted(glibc)}`
    }
    case 'found':
      return `${FOUND[what.finding]} (${quoted(what.message)}),`
    case 'abort':
      return `aborted${what.message === undefined ? '' : ` (${quoted(what.message)})`}`
    case 'panic':
      return 'panicked'
    case 'pure-virtual':
      return 'called a pure virtual function'
    case 'glib-message':
      return 'gave up with a fatal message of GLib'
    case 'fault':
      return failed(what)
    case 'failure':
      return FAILURES[what.class]
    case 'signal': {
      const by = what.sender === undefined
        ? ''
        : ` that ${what.isItself ? 'it sent itself' : `process ${what.sender} sent`}`
      return `was ended by ${signalName(what.signal)}${by}`
    }
  }
}

const FOUND: Readonly<Record<(What & { kind: 'found' })['finding'], string>> = {
  heap: 'was aborted by the C library, which found its heap damaged',
  stack: 'was aborted by the stack protector',
  refused: 'was aborted by the C library before a buffer overflowed',
}

const FAILURES: Readonly<Record<(What & { kind: 'failure' })['class'], string>> = {
  'division-by-zero': 'divided by zero',
  'arithmetic': 'failed at arithmetic',
  'illegal-instruction': 'ran an illegal instruction',
  'system-call': 'made a system call that is not allowed',
}

/** `none` has none: the instruction itself was refused. */
const VERBS = { read: 'read', write: 'wrote to', access: 'accessed', execute: 'went to' }

function failed({ fault: { kind, address, isKeptBack }, isBus }: What & { kind: 'fault' }): string {
  if (kind === 'none') return 'ran an instruction that no program may run,'
  const unknown = isKeptBack === true ? `an address ${KEPT_BACK}` : 'an address that cannot be one'
  const place = address === undefined ? unknown : `address 0x${address.toString(16)}`
  const none = kind === 'execute'
    ? ', where no code is,'
    : isBus
    ? ', which is behind the end of a file or misaligned,'
    : ''
  return `${VERBS[kind]} ${place}${none}`
}

function overflowed({ cycle, frames, hasMore }: What & { kind: 'stack-overflow' }): string {
  const size = `${hasMore ? 'over ' : ''}${count(frames, 'frame')}`
  if (cycle === undefined) return `ran out of stack in ${size},`
  const { length } = cycle.names
  const named = cycle.names.slice(0, MAX_NAMED).map((name) => cut(name, MAX_NAME)).join(', ')
  const more = length > MAX_NAMED ? ` and ${length - MAX_NAMED} more` : ''
  const who = length === 1 ? `${named} calls itself` : `${named}${more} call each other in a cycle of ${length}`
  return `ran out of stack in ${size}: ${who},`
}

/** `in strlen, called by string_at (_ctypes.c:5564)`. */
function whereOf(frames: readonly ReportFrame[], { kind, ...what }: What): string {
  const own = firstOwn(frames)
  const skipped = machineryOf(frames)
  const top = skipped > 0 ? own ?? frames[skipped] : frames[0]
  if (top === undefined) return ''
  const handler = frames.findIndex((frame) => frame.kind === 'signal-handler')
  // A handler that only reports, as the JVM's, is a part of how the process ended.
  if (skipped > 0 && handler >= 0 && frames.indexOf(top) > handler) return `on a signal that came in ${described(top)}`
  const wentAstray = kind === 'fault' && 'fault' in what && what.fault.kind === 'execute' && top.module === undefined
  if (wentAstray) return own === undefined ? '' : own === top ? caller(frames) : `called by ${described(own)}`
  return own === undefined || own === top ? `in ${described(top)}` : `in ${nameOf(top)}, called by ${described(own)}`
}

/** Where a signal came whose handler is on the stack: it may be why all this happened. */
function handledIn(frames: readonly ReportFrame[]): string {
  const handler = frames.findIndex(({ kind }) => kind === 'signal-handler')
  const own = handler < 0 ? undefined : firstOwn(frames.slice(handler + 1))
  const top = firstOwn(frames)
  return own === undefined || own === top ? '' : `, while it handled a signal that came in ${described(own)}`
}

/** Of a place that is no code: the next frame of all that is somewhere. */
function caller(frames: readonly ReportFrame[]): string {
  const from = frames.slice(1).find(({ module }) => module !== undefined)
  return from === undefined ? '' : `called by ${described(from)}`
}

function described(frame: ReportFrame): string {
  const { file, line } = frame
  if (frame.function === undefined || file === undefined) return nameOf(frame)
  return `${nameOf(frame)} (${baseOf(file)}${line === undefined ? '' : `:${line}`})`
}

function nameOf({ function: name, module, pc }: ReportFrame): string {
  if (name !== undefined) return cut(plainFunction(name), MAX_NAME)
  return module === undefined ? `0x${pc.toString(16)}` : `an unknown function of ${baseOf(module.module.path)}`
}

function quoted(text: string): string {
  return `'${cut(text.replace(/\s+/g, ' ').trim(), MAX_MESSAGE)}'`
}

function cut(text: string, length: number): string {
  return text.length > length ? `${cutText(text, length)}...` : text
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
