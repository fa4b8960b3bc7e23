/**
 * Questions with a time limit each, and what became of them. Failed questions are listed in sentences; one that fails
 * does not cost another.
 */
import type { Deadline } from '../time/deadline.ts'
import { readError } from './answers.ts'
import type { Answer, Session } from './session.ts'

export class Asker {
  /** Sentences on questions that failed. */
  readonly problems: string[] = []
  readonly #session: Session
  readonly #deadline: Deadline

  constructor(session: Session, deadline: Deadline) {
    this.#session = session
    this.#deadline = deadline
  }

  /** Nothing more will be answered: gdb has ended, or the time is over. */
  get isOver(): boolean {
    return this.#deadline.isOver || this.#session.end !== undefined
  }

  /** A command of the machine interface; `share`: of the time left; `what`: how a failure is called. */
  async command(what: string, line: string, limitMs: number): Promise<Answer> {
    return this.#noted(what, await this.#session.command(line, limitMs))
  }

  /** A question to retrace.py, for a share of the time left. Without `what` a failure is no news. */
  async ask(
    what: string | undefined,
    question: string,
    { parameters = [], share }: { parameters?: readonly unknown[]; share: number },
  ): Promise<Answer> {
    return this.#noted(what, await this.#session.ask(question, parameters, this.#deadline.share(share)))
  }

  /** The same with a limit in milliseconds. */
  async askWithin(what: string, question: string, parameters: readonly unknown[], limitMs: number): Promise<Answer> {
    return this.#noted(what, await this.#session.ask(question, parameters, limitMs))
  }

  #noted(what: string | undefined, answer: Answer): Answer {
    const why = whyFailed(answer)
    if (what !== undefined && why !== undefined) this.problems.push(`${what}: ${why}`)
    return answer
  }
}

function whyFailed(answer: Answer): string | undefined {
  switch (answer.kind) {
    case 'done':
      return undefined
    case 'error':
      return (readError(answer.data) ?? answer.message).slice(0, 500)
    case 'interrupted':
      return 'it took too long and was given up'
    case 'ended':
      return answer.end.detail
  }
}
