/** How `retrace` ends, and the sentence that it ends with. */

/** Exit codes (retrace(1)). */
export const EXIT = { backtrace: 0, none: 1, usage: 2, declined: 3 } as const

/** Why there will be no backtrace, in one sentence for the person. Strangers' words in it are escaped where it is printed. */
export class ClientFailure extends Error {
  override name = 'ClientFailure'
  readonly exit: number

  constructor(message: string, { exit = EXIT.none, cause }: { exit?: number; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.exit = exit
  }
}
