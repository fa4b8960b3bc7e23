/** What a program prints, and to whom: somebody who may stop reading, as head(1) does, or a file on a disk that is full. */
import process, { stderr, stdout } from 'node:process'
import { EXIT } from './program.ts'

/**
 * Its work is done to the end though nobody reads of it; what could not be written makes it fail, with a sentence. Without this,
 * Node ends a program in the middle.
 */
export function goOnUnread(name: string): void {
  let isLost = false
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || isLost) return
    isLost = true
    stderr.write(`${name}: standard output cannot be written to (${code})\n`)
    process.on('exit', (own) => process.exitCode = own === EXIT.done ? EXIT.failed : own)
  })
}

/** Resolves once what was printed is out, or is known to be lost. */
export async function printed(): Promise<void> {
  await new Promise<void>((resolve) => stdout.write('', () => setImmediate(resolve)))
}
