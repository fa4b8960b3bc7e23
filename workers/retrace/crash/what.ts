/**
 * What a crash was, as facts: the first of what is known that says most. Pure. The sentence is made of it in
 * words/sentence.ts. Refuses to guess: a fault whose direction is not known is an access.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { type Finding, findingOf } from '../exploitable/abort_message.ts'
import type { CrashClass, Fault } from '../exploitable/class.ts'
import type { Details } from '../gdb/details.ts'
import type { ReportThread } from '../report/frames.ts'
import { type Cycle, cycleOf } from './cycle.ts'
import { machineryOf } from './machinery.ts'
import { plainFunction } from './names.ts'

export type What =
  | { readonly kind: 'alive' }
  | {
    readonly kind: 'stack-overflow'
    readonly cycle: Cycle | undefined
    readonly frames: number
    readonly hasMore: boolean
  }
  | { readonly kind: 'exception'; readonly type: string; readonly what: string | undefined }
  | { readonly kind: 'assertion'; readonly text: string }
  | { readonly kind: 'found'; readonly finding: Exclude<Finding, 'assertion'>; readonly message: string }
  | { readonly kind: 'abort'; readonly message: string | undefined }
  | { readonly kind: 'panic' }
  | { readonly kind: 'pure-virtual' }
  | { readonly kind: 'glib-message' }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly isBus: boolean }
  | {
    readonly kind: 'failure'
    readonly class: 'division-by-zero' | 'arithmetic' | 'illegal-instruction' | 'system-call'
  }
  | {
    readonly kind: 'signal'
    readonly signal: number
    readonly sender: number | undefined
    readonly isItself: boolean
  }

const SIGTRAP = 5
const SIGABRT = 6
const SIGBUS = 7
/** Of Rust and Go. */
const PANIC = /^((__rustc::)?rust_(panic|begin_unwind)|(core|std)::panicking|runtime\.(gopanic|fatalpanic))/
const GLIB_LOG = /^_?g_log/
/** The frames of an overflow in which its cycle is looked for. */
const MAX_FRAMES = 512

export function whatOf(
  { core, crashed, details, crashClass, fault }: {
    core: Core
    crashed: ReportThread | undefined
    details: Details
    crashClass: CrashClass | undefined
    fault: Fault | undefined
  },
): What {
  const signal = signalOf(core)
  if (signal === 0) return { kind: 'alive' }
  if (signal === SIGABRT || signal === SIGTRAP) return ofGivingUp(signal, details, crashed) ?? sent(core, signal)
  if (crashClass === 'stack-exhausted') return overflowOf(crashed)
  switch (crashClass) {
    case 'division-by-zero':
    case 'arithmetic':
    case 'illegal-instruction':
    case 'system-call':
      return { kind: 'failure', class: crashClass }
    default:
      return fault === undefined ? sent(core, signal) : { kind: 'fault', fault, isBus: signal === SIGBUS }
  }
}

function ofGivingUp(signal: number, details: Details, crashed: ReportThread | undefined): What | undefined {
  const { abortMessage, assertMessage, exception } = details
  if (exception !== undefined) return { kind: 'exception', type: exception.type, what: exception.what }
  const finding = findingOf(abortMessage)
  if (abortMessage !== undefined && finding !== undefined) {
    const message = abortMessage.trim()
    return finding === 'assertion' ? { kind: 'assertion', text: message } : { kind: 'found', finding, message }
  }
  if (assertMessage !== undefined) return { kind: 'assertion', text: assertMessage.trim() }
  const frames = crashed?.frames ?? []
  const names = frames.slice(0, machineryOf(frames)).map((frame) => plainFunction(frame.function ?? ''))
  if (names.some((name) => PANIC.test(name))) return { kind: 'panic' }
  if (names.includes('__cxa_pure_virtual')) return { kind: 'pure-virtual' }
  if (names.some((name) => GLIB_LOG.test(name))) return { kind: 'glib-message' }
  if (signal === SIGTRAP) return undefined
  return names.length === 0 && abortMessage === undefined ? undefined : { kind: 'abort', message: abortMessage?.trim() }
}

function overflowOf(crashed: ReportThread | undefined): What {
  const calls = (crashed?.frames ?? []).filter(({ kind }) => kind !== 'inline')
  const cycle = cycleOf(calls.slice(0, MAX_FRAMES).map((frame) => plainFunction(frame.function ?? '??')))
  return { kind: 'stack-overflow', cycle, frames: crashed?.frames.length ?? 0, hasMore: crashed?.more ?? false }
}

function sent({ siginfo, process }: Core, signal: number): What {
  const sender = siginfo?.signal === signal ? siginfo.senderPid : undefined
  return { kind: 'signal', signal, sender, isItself: sender !== undefined && sender === process?.pid }
}
