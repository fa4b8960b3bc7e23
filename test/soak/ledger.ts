/** What a soak was promised and what it got: every accepted task, how it ended, how often its end was logged; all answers. */
import type { Polled } from '../bench/pollers.ts'

export interface Accepted extends Polled {
  /** State and outcome when it was first seen ended. */
  end?: string
  /** A client has deleted it. */
  isDeleted?: boolean
}

export class Ledger {
  readonly accepted = new Map<string, Accepted>()
  /** How many answers of each kind. */
  readonly answers = new Map<string, number>()
  /** Sentences on what must not be. */
  readonly faults: string[] = []

  count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1)
  }

  accept(task: Polled): Accepted {
    if (this.accepted.has(task.id)) this.fault(`task ${task.id} was given away twice`)
    const accepted: Accepted = { ...task }
    this.accepted.set(task.id, accepted)
    return accepted
  }

  /** An end was seen: the first time, or again; then it must be the same. */
  ended(task: Accepted, end: string): void {
    if (task.end === undefined) this.count(`ended ${end}`)
    else if (task.end !== end) this.fault(`task ${task.id} ended twice: ${task.end}, then ${end}`)
    task.end = end
  }

  fault(sentence: string): void {
    this.faults.push(sentence)
  }

  /** How often servers logged the end of each task, against once; a server that was killed may not have come to it. */
  compareLogs(logs: readonly string[]): void {
    const ends = new Map<string, number>()
    for (const [, id = ''] of logs.join('\n').matchAll(/ task=(\d+): FINISHED_/g)) ends.set(id, (ends.get(id) ?? 0) + 1)
    for (const [id, times] of ends) if (times > 1) this.fault(`the end of task ${id} was logged ${times} times`)
  }

  /** Tasks whose end nobody has seen. */
  open(): Accepted[] {
    return [...this.accepted.values()].filter(({ end, isDeleted }) => end === undefined && !isDeleted)
  }
}
