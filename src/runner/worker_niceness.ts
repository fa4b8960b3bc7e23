/** How far a worker stands back, with all that it starts, where processor time is scarce: whoever asks the server comes first. */
import { availableParallelism } from 'node:os'

/** One thread answers: on two processors and more, however far workers stand back, all but one are theirs. */
const NICENESS = 19
/** Where both share one processor: ten of them weigh as the server. */
const NICENESS_OF_ONE = 10

/** `tasks`: how many there are with this one. While they leave a processor to the server, nobody has to stand back. */
export function workerNiceness(tasks: number, processors = availableParallelism()): number {
  if (processors === 1) return NICENESS_OF_ONE
  return tasks < processors ? 0 : NICENESS
}
