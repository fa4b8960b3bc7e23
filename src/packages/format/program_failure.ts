/**
 * When a program that verifies or opens a download fails: the FetchError that its failure stands for. What this machine lacked
 * says little about the download, and is remembered for a minute only.
 */
import { ProgramError, type ProgramFailure } from '../../process/error.ts'
import { lackOf } from '../../process/machine.ts'
import { FetchError, type FetchFailureKind } from './error.ts'

const MEANING: Record<ProgramFailure, FetchFailureKind> = {
  'not-started': 'machine',
  'not-ended': 'machine',
  'timeout': 'timeout',
  'stopped': 'timeout',
  'failed': 'malformed',
  'killed': 'malformed',
  'too-much': 'malformed',
  'input': 'malformed',
}

/** Turns a ProgramError, and what tells of this machine, into its FetchError; any other error is returned unchanged. */
export function asFetchError(error: unknown): unknown {
  if (error instanceof FetchError || !(error instanceof Error)) return error
  const kind = lackOf(error) ?? (error instanceof ProgramError ? MEANING[error.kind] : undefined)
  return kind === undefined ? error : new FetchError(kind, error.message, { cause: error })
}
