/**
 * Questions with a time limit each, and what became of them. Failed questions are listed in sentences; one that fails
 * does not cost another.
 */
import type { Deadline } from '../time/deadline.ts'
import { readMissed } from './answers.ts'
import type { Answer, Session } from './session.ts'
import type { Cause } from './thread_record.ts'
import type { Twin } from './twin.ts'

/** Hears what questions bring besides their answers. */
export interface Listener {
  /** Sentences on questions that failed. */
  readonly problems: string[]
  /** Addresses that could not be read, of our own readers. */
  readonly missed: Set<bigint>
  /** Lines that gdb said meanwhile. */
  hear(lines: readonly string[]): void
}

/**
 * `share`: of the time left, at most; `idleShare`: without a word; `parameters`: texts, numbers, and lists of them. `twin`: is asked in
 * gdb's place, and what it says is to be heard when its answer is taken.
 */
export interface AskOptions {
  readonly parameters?: readonly unknown[]
  readonly share: number
  readonly idleShare?: number
  readonly twin?: Twin | undefined
}

/** No question gets less, as long as there is time at all: on a busy machine gdb takes that to do anything. */
const MIN_MS = 1_000
const MAX_MISSED = 20_000

export class Asker {
  readonly #session: Session
  readonly #deadline: Deadline
  readonly #listener: Listener

  constructor(session: Session, deadline: Deadline, listener: Listener) {
    this.#session = session
    this.#deadline = deadline
    this.#listener = listener
  }

  /** Nothing more will be answered: gdb has ended, or the time is over. */
  get isOver(): boolean {
    return this.isLate || this.#session.end !== undefined
  }

  /** The time is over, so that a question that was given up is no fault of gdb's. */
  get isLate(): boolean {
    return this.#deadline.isOver
  }

  /** gdb was told to give something up, which the question behind that can fail over, too. */
  get wasInterrupted(): boolean {
    return this.#session.wasInterrupted
  }

  /** A sentence on something that failed within a question. */
  note(problem: string): void {
    this.#listener.problems.push(problem)
  }

  /** A command of the machine interface; `what`: how a failure is called. */
  async command(what: string, line: string, limitMs: number): Promise<Answer> {
    return this.#noted(what, await this.#session.command(line, limitMs))
  }

  /** A question to retrace.py. Without `what` a failure is no news. */
  async ask(
    what: string | undefined,
    question: string,
    { parameters = [], share, idleShare, twin }: AskOptions,
  ): Promise<Answer> {
    const idleMs = idleShare === undefined ? undefined : this.#timeOf(idleShare)
    if (twin !== undefined) return twin.ask(question, parameters, this.#timeOf(share), idleMs)
    return this.#noted(what, await this.#session.ask(question, parameters, this.#timeOf(share), idleMs))
  }

  /** The same with a limit in milliseconds. */
  async askWithin(what: string, question: string, parameters: readonly unknown[], limitMs: number): Promise<Answer> {
    return this.#noted(what, await this.#session.ask(question, parameters, limitMs))
  }

  /** Twins of this gdb. That there are none is no news. */
  async divide(twins: number, paths: readonly string[], share: number): Promise<readonly Twin[]> {
    const onAnswer = (answer: Answer) => this.hear(answer)
    return await this.#session.divide(twins, paths, { limitMs: this.#timeOf(share), onAnswer })
  }

  #timeOf(share: number): number {
    return Math.max(this.#deadline.share(share), Math.min(MIN_MS, this.#deadline.leftMs()))
  }

  /** What came beside an answer. */
  hear(answer: Answer): void {
    this.#listener.hear(answer.complaints)
    for (const address of readMissed(answer.data)) {
      if (this.#listener.missed.size < MAX_MISSED) this.#listener.missed.add(address)
    }
  }

  #noted(what: string | undefined, answer: Answer): Answer {
    this.hear(answer)
    const why = whyFailed(answer)
    if (what !== undefined && why !== undefined) this.note(`${what}: ${why}`)
    return answer
  }
}

/** Undefined: it did not. */
export function whyFailed(answer: Answer): string | undefined {
  switch (answer.kind) {
    case 'done':
      return undefined
    case 'error':
      return answer.message.slice(0, 500)
    case 'interrupted':
      return 'it took too long and was given up'
    case 'ended':
      return answer.end.detail
  }
}

/** Of an answer that is not there. */
export function causeOf(answer: Answer): Cause {
  if (answer.kind !== 'ended') return answer.kind === 'interrupted' ? 'hung' : 'failed'
  const { kind } = answer.end
  if (kind === 'memory' || kind === 'overflow') return kind
  return kind === 'timeout' ? 'hung' : 'ended'
}
