/** What gdb ended, hung or failed over, in sentences without a full stop. */
import { count } from '../../../src/text/count.ts'
import type { GdbLoss, LostOfThreads } from '../outcome/gdb_loss.ts'

/** Threads that are named. */
const MAX_THREADS = 8

export function gdbLossText(loss: GdbLoss): string {
  switch (loss.kind) {
    case 'no-frames':
      return `frames of ${threadsText(loss.threads)} are missing, ${causeText(loss)}`
    case 'no-thread-values':
      return `values of ${threadsText(loss.threads)} are missing, ${causeText(loss)}`
    case 'no-single-values':
      return `${count(loss.values, 'value')} of ${threadsText(loss.threads)} could not be read, ` +
        `since gdb failed over ${loss.values === 1 ? 'it' : 'them'} (${loss.why})`
    case 'no-detail':
      return loss.cause === 'spared'
        ? `gdb was not asked for ${loss.what} (${loss.why})`
        : `gdb ended or hung over ${loss.what} (${loss.why})`
  }
}

/** `thread 6`, `the threads 2, 4 and 5`, `the threads 2, 4, 5, 6, 7, 8, 9, 10 and 12 more`. */
function threadsText(numbers: readonly number[]): string {
  const [only] = numbers
  if (numbers.length === 1) return `thread ${only}`
  const named = numbers.slice(0, MAX_THREADS)
  const last = numbers.length > MAX_THREADS ? `${numbers.length - MAX_THREADS} more` : named.pop()
  return `the threads ${named.join(', ')} and ${last}`
}

const CAUSES: Readonly<Record<LostOfThreads['cause'], string>> = {
  ended: 'since gdb ended over them',
  memory: 'since gdb reached the limit of memory over them',
  overflow: 'since gdb said too much of them',
  hung: 'since gdb did not come to an end with them',
  failed: 'since gdb failed over them',
  spared: 'since they were not asked for',
}

function causeText({ cause, why }: LostOfThreads): string {
  return `${CAUSES[cause]} (${why})`
}
