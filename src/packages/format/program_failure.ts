/** When a program that verifies or opens a download fails: the FetchError that its failure stands for. */
import { ProgramError, type ProgramFailure } from '../../process/error.ts'
import { FetchError, type FetchFailureKind } from './error.ts'

const MEANING: Record<ProgramFailure, FetchFailureKind> = {
  'not-started': 'refused',
  'not-ended': 'refused',
  'timeout': 'timeout',
  'stopped': 'timeout',
  'failed': 'malformed',
  'killed': 'malformed',
  'too-much': 'malformed',
  'input': 'malformed',
}

/** Turns a ProgramError into its FetchError; any other error is returned unchanged. */
export function asFetchError(error: unknown): unknown {
  if (!(error instanceof ProgramError)) return error
  return new FetchError(MEANING[error.kind], error.message, { cause: error })
}
