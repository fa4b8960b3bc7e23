/** Why a program did not work, for the administrator. */
import { ProgramError } from '../process/error.ts'

/** What a program wrote to standard error, or why it could not be started. */
export function reasonOf(error: unknown): string {
  if (error instanceof ProgramError && error.complaint !== '') return error.complaint.slice(0, 200)
  return error instanceof Error ? error.message : String(error)
}
