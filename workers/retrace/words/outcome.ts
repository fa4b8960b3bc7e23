/** How a task ended, in words: the one place where a reason becomes sentences. */
import { adviceText, type Outcome } from '../../../src/task/outcome.ts'
import { escapeText } from '../../../src/text/escape.ts'
import { judge } from '../outcome/judge.ts'
import type { Reason, Shown } from '../outcome/reason.ts'
import { lackText } from './lack.ts'
import { cutOffText, lossText } from './loss.ts'
import { count } from '../../../src/text/count.ts'

/** Characters of a summary: names in it can be long. */
const MAX_SUMMARY = 1000
/** Modules that are named when they lack something. */
const MAX_LACKS = 8

/** A summary may hold names out of the core: it becomes a line. */
export function outcomeOf(reason: Reason): Outcome {
  const { code, advice } = judge(reason)
  return { code, summary: escapeText(summaryOf(reason), { length: MAX_SUMMARY }), next_step: adviceText(advice) }
}

function summaryOf(reason: Reason): string {
  switch (reason.kind) {
    case 'complete':
      return `${countOf(reason.shown)}, complete.`
    case 'partial':
      return `${countOf(reason.shown)}. Missing: ${missingIn(reason).join('; ')}.`
    case 'unreadable':
      return `The core cannot be read: ${reason.detail}.`
    case 'unknown-machine': {
      const order = reason.littleEndian ? 'little-endian' : 'big-endian'
      return `The core is of an unknown machine (e_machine ${reason.machine}, ${reason.bits} bits, ${order}).`
    }
    case 'no-threads':
      return 'The core holds no thread.'
    case 'cut-before-threads':
      return `The core is cut off before its threads: ${count(reason.missingBytes, 'byte is', 'bytes are')} missing.`
    case 'out-of-memory':
      return `The debugger was stopped: ${reason.detail}. ${whatCame(reason.shown)}`
    case 'fetching-late':
      return `Fetching packages took too long. ${whatCame(reason.shown)}`
    case 'debugger-late':
      return `The debugger ran out of time${reason.detail === undefined ? '' : `: ${reason.detail}`}. ` +
        whatCame(reason.shown)
    case 'debugger-died':
      return `The debugger stopped: ${reason.detail}. ${whatCame(reason.shown)}`
    case 'no-debugger':
      return reason.rejected.length > 0 ? `${reason.rejected.join('. ')}.` : 'There is no debugger for this core.'
    case 'core-cut-off':
      return `${capital(cutOffText(reason.loss))}.`
    case 'stacks-not-dumped':
      return `The core does not hold its threads' stacks${behindColon(reason)}.`
    case 'frames-astray':
      return `No frame lies in a function${behindColon(reason)}.`
    case 'release-unknown':
      return 'Neither the core nor its sender tells which release it comes from, and no build-id is known here.'
    case 'program-missing':
      return `${reason.path || 'The program'} was not found: ${reason.tried.join('; ') || 'no package here has it'}.`
    case 'debuginfo-missing':
      return `The debuginfo of ${reason.path || 'the program'} is missing${
        reason.tried.length === 0 ? '' : `: ${reason.tried.join('; ')}`
      }.`
    case 'server-unfit':
      return `The server lacks something that it needs: ${reason.detail}.`
    case 'disk-full':
      return 'A disk of the server is full.'
    case 'no-database':
      return `The database of the server (RETRACE_DATABASE) cannot be used: ${reason.detail}.`
    case 'worker-failed':
      return `The worker failed: ${reason.detail}.`
    case 'core-not-read':
      return 'The core was not read.'
  }
}

function countOf({ frames, threads }: Pick<Shown, 'frames' | 'threads'>): string {
  return `${count(frames, 'frame')} of ${count(threads, 'thread')}`
}

function whatCame({ frames, threads, isNamed }: Shown): string {
  return isNamed ? `What came before is here: ${countOf({ frames, threads })}.` : 'No frame has a name.'
}

function behindColon(reason: Parameters<typeof missingIn>[0]): string {
  const missing = missingIn(reason)
  return missing.length === 0 ? '' : `: ${missing.join('; ')}`
}

function missingIn({ lacks, losses }: Pick<Reason & { kind: 'partial' }, 'lacks' | 'losses'>): string[] {
  const more = lacks.length > MAX_LACKS ? [count(lacks.length - MAX_LACKS, 'more module')] : []
  return [...lacks.slice(0, MAX_LACKS).map(lackText), ...more, ...losses.map(lossText)]
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
