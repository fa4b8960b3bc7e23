/**
 * Task passwords: 22 letters and digits, 131 bits (docs/design.txt, chapter 2.1), and who may ask about a task. All
 * randomness comes from the kernel, which seeds and reseeds `node:crypto`.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { RetraceError } from '../errors/errors.ts'
import { noSuchTask, type Task } from './task.ts'

const PASSWORD_LENGTH = 22
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** The largest multiple of 62 in a byte: what lies above is thrown away, or the first letters would come more often. */
const FAIR = 256 - 256 % ALPHABET.length

/** A new password. `random` is a parameter only so that a test can show what becomes of each byte. */
export function newPassword(random: (length: number) => Uint8Array = randomBytes): string {
  let password = ''
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of random(PASSWORD_LENGTH)) {
      if (byte < FAIR && password.length < PASSWORD_LENGTH) password += ALPHABET[byte % ALPHABET.length]
    }
  }
  return password
}

/** Throws wrong-password unless `given` is the one that the 201 named; takes the same time for every wrong one. */
export function authorize(task: Task, given: string | null | undefined): void {
  const right = task.text('password')
  if (right === undefined) throw noSuchTask()
  if (isSamePassword(given ?? '', right) && given) return
  throw new RetraceError('wrong-password', {
    detail: given
      ? 'X-Task-Password is not the password of this task'
      : 'X-Task-Password is missing: send the password of the task in it (by HTTP/2 without blanks around it)',
  })
}

/** Whether two passwords are the same, in a time that tells nothing about where they differ or how long they are. */
export function isSamePassword(given: string, right: string): boolean {
  return timingSafeEqual(digest(given), digest(right))
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
