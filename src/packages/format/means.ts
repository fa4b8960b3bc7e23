/** Whether this machine has what any program behind the wall needs: tried, since what a program says of that, its input may have said. */
import { ProgramError } from '../../process/error.ts'
import { availableMb } from '../../process/memory.ts'
import { lackOf } from '../../process/machine.ts'
import { tryWall } from '../../process/trial.ts'

/** An opener of a small package takes some MiB, and so does this process while it reads that. */
const LEAST_MB = 64

/** What there is too little of at this moment, in a sentence; undefined: a program starts, ends well, and would have memory. */
export async function lackingNow(available: number = availableMb()): Promise<string | undefined> {
  if (available < LEAST_MB) return `this machine has ${Math.floor(available)} MB of memory left`
  try {
    await tryWall({})
    return undefined
  } catch (error) {
    if (!(error instanceof ProgramError) && lackOf(error) === undefined) throw error
    return error instanceof Error ? error.message : String(error)
  }
}
