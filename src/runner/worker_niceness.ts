/** How far a worker stands back, with all that it starts, where processor time is scarce: whoever asks the server comes first. */
import { availableParallelism } from 'node:os'

/** Twenty of them weigh as one program on each of two processors. */
const NICENESS = 10

/** `tasks`: how many there are with this one. While they leave a processor to the server, nobody has to stand back. */
export function workerNiceness(tasks: number, processors = availableParallelism()): number {
  return tasks < processors ? 0 : NICENESS
}
