/**
 * Questions to the statistics, anybody's, as often as he likes: one is answered at a time, what was asked a moment ago is not asked of
 * the database again, few wait, and what nobody waits for any more is not answered.
 */
import type { Database } from '../database/database.ts'
import type { Question, Statistics } from './shape.ts'
import { statisticsOf } from './statistics.ts'

const KEPT_MS = 30_000
const MAX_KEPT = 16
/** Questions whose answer nobody has begun to make. */
export const MAX_WAITING = 8

interface Kept {
  /** Milliseconds. */
  readonly at: number
  readonly answer: Promise<Statistics>
  readonly stop: AbortController
  askers: number
  isOver: boolean
}

export class Questions {
  readonly #database: Database
  readonly #now: () => Date
  readonly #kept = new Map<string, Kept>()
  /** Many at once would take turns, and none would be ready. */
  #before: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor({ database, now }: { database: Database; now: () => Date }) {
    this.#database = database
    this.#now = now
  }

  /** Undefined where too many wait. `gone`: of the one who asks; where all who did have gone, the answer is an AbortError. */
  ask(
    question: Question,
    { isPublic, gone }: { isPublic: boolean; gone: AbortSignal },
  ): Promise<Statistics> | undefined {
    const key = JSON.stringify([question, isPublic])
    const at = this.#now().getTime()
    const known = this.#kept.get(key)
    const isFresh = known !== undefined && at - known.at < KEPT_MS
    if (!isFresh && this.#waiting > MAX_WAITING) return undefined
    const kept = isFresh ? known : this.#begin(key, { question, isPublic, at })
    kept.askers++
    const leave = () => this.#leave(key, kept)
    if (gone.aborted) leave()
    else gone.addEventListener('abort', leave, { once: true })
    return kept.answer
  }

  #begin(key: string, { at, ...asked }: { question: Question; isPublic: boolean; at: number }): Kept {
    const stop = new AbortController()
    const { signal } = stop
    const question = { ...asked, now: Math.floor(at / 1000), signal }
    const answer = this.#before.then(() => {
      signal.throwIfAborted()
      return statisticsOf(this.#database, question)
    })
    const kept: Kept = { at, answer, stop, askers: 0, isOver: false }
    this.#waiting++
    this.#before = answer.catch(() => this.#forget(key, kept)).finally(() => this.#over(kept))
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break
      this.#kept.delete(oldest)
    }
    return kept
  }

  #leave(key: string, kept: Kept): void {
    if (kept.isOver || --kept.askers > 0) return
    kept.stop.abort()
    this.#forget(key, kept)
    this.#over(kept)
  }

  #forget(key: string, kept: Kept): void {
    if (this.#kept.get(key) === kept) this.#kept.delete(key)
  }

  #over(kept: Kept): void {
    if (!kept.isOver) this.#waiting--
    kept.isOver = true
  }
}
