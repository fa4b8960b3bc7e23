/** How `retrace` ends, and the sentence that it ends with. */
import { tmpdir } from 'node:os'
import { errnoOf } from '../errors/errno.ts'

/** Exit codes (retrace(1)). */
export const EXIT = { backtrace: 0, none: 1, usage: 2, declined: 3 } as const

/** Why there will be no backtrace, in one sentence for the person. Strangers' words in it are escaped where it is printed. */
export class ClientFailure extends Error {
  override name = 'ClientFailure'
  readonly exit: number
  /** The way to the server broke: trying again may help. */
  readonly isBroken: boolean

  constructor(
    message: string,
    { exit = EXIT.none, cause, isBroken = false }: { exit?: number; cause?: unknown; isBroken?: boolean } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.exit = exit
    this.isBroken = isBroken
  }
}

/** Undefined: the way to the server broke. */
export async function unlessBroken<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof ClientFailure && cause.isBroken) return undefined
    throw cause
  }
}

/** The sentence for whatever ended it: what the system refused is told with the file, and with what to do. */
export function sentenceOf(error: unknown): string {
  const code = errnoOf(error)
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ClientFailure || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error.message
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return `There is no space left in ${tmpdir()} for the core: make some, or name another folder in TMPDIR (${code})`
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const isTemporary = path === undefined || path.startsWith(tmpdir())
    return `${path ?? 'A file'} cannot be used (${code})` +
      (isTemporary ? ': name a folder that can be written to in TMPDIR' : '')
  }
  return `${path ?? 'A file'} cannot be used (${code})`
}
