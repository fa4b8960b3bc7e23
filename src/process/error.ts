/** The closed list of what can go wrong with a program that is started. What it means, each caller decides. */

/**
 * `not-started`: it, or the sandbox around it, is missing or broken. `timeout`: it took longer than it may. `stopped`:
 * its caller's signal. `failed`: it ended by itself, badly. `killed`: a signal ended it that was not ours.
 * `too-much`: it wrote more than its caller takes. `input`: what it was fed broke off. `not-ended`: it could not be killed.
 */
export type ProgramFailure =
  | 'not-started'
  | 'timeout'
  | 'stopped'
  | 'failed'
  | 'killed'
  | 'too-much'
  | 'input'
  | 'not-ended'

/** Its message is a sentence for the log; what the program itself said stands in `complaint`. */
export class ProgramError extends Error {
  override name = 'ProgramError'
  readonly kind: ProgramFailure
  readonly complaint: string
  /** Of 'killed': by which signal. */
  readonly signal: string | undefined

  constructor(
    kind: ProgramFailure,
    message: string,
    options: { cause?: unknown; complaint?: string; signal?: string | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.complaint = options.complaint ?? ''
    this.signal = options.signal
  }
}
