/** What the end of a program that judges or opens something means for what was fetched. Owns that one table. */
import { ProgramError, type ProgramFailure } from '../../process/error.ts'
import { FetchError, type FetchFailureKind } from './error.ts'

const MEANING: Record<ProgramFailure, FetchFailureKind> = {
  'not-started': 'refused',
  'not-ended': 'refused',
  'timeout': 'timeout',
  'stopped': 'timeout',
  'failed': 'malformed',
  'too-much': 'malformed',
  'input': 'malformed',
}

/** A ProgramError as the FetchError that it means; everything else as it is. */
export function asFetchError(error: unknown): unknown {
  if (!(error instanceof ProgramError)) return error
  return new FetchError(MEANING[error.kind], error.message, { cause: error })
}
