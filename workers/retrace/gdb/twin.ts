/**
 * A twin of a gdb (root/scripts/twin.py): it answers questions beside that one, and nothing that it fails at matters, since its original is
 * asked the same then. It has no machine interface: it is asked, and answers, on a channel of its own, and ends with its original.
 */
import type { Duplex } from 'node:stream'
import { recordOf } from './answers.ts'
import { splitLines } from './lines.ts'
import { parseRecord } from './mi.ts'
import { type Answer, Pending, type SessionEnd } from './pending.ts'

export interface TwinLimits {
  readonly messageBytes: number
  /** Undefined for what is no message. */
  read(line: Uint8Array): unknown
  /** Is to end its process. */
  onEnd(): void
}

export class Twin {
  readonly #channel: Duplex
  readonly #onEnd: () => void
  #pending: Pending | undefined
  #end: SessionEnd | undefined
  #token = 0

  constructor(channel: Duplex, { messageBytes, read, onEnd }: TwinLimits) {
    this.#channel = channel
    this.#onEnd = onEnd
    const onOverflow = () =>
      this.end({ kind: 'overflow', detail: 'a twin of gdb said more in one piece than can be kept' })
    const onLine = (line: Uint8Array) => this.#onMessage(read(line))
    channel.on('data', splitLines({ maxBytes: messageBytes, onOverflow, onLine }))
    const onClose = () => this.end({ kind: 'exit', detail: 'a twin of gdb ended by itself' })
    channel.once('end', onClose)
    channel.once('close', onClose)
  }

  /** One question, as a session's own. One that takes too long ends it. */
  ask(question: string, parameters: readonly unknown[], limitMs: number, idleMs = limitMs): Promise<Answer> {
    if (this.#pending !== undefined) throw new Error('Expected the answer to the last question before the next one')
    const end = this.#end
    if (end !== undefined) return Promise.resolve({ kind: 'ended', end, console: '', data: [], complaints: [] })
    const token = ++this.#token
    return new Promise((resolve) => {
      const onLate = () => this.end({ kind: 'timeout', detail: 'a twin of gdb did not answer in time' })
      const onAnswer = (answer: Answer) => {
        this.#pending = undefined
        resolve(answer)
      }
      this.#pending = new Pending({ token, isQuestion: true, limitMs, idleMs, onLate, onStuck: onLate, onAnswer })
      this.#channel.write(`${JSON.stringify([token, question])}\n${JSON.stringify([token, ...parameters])}\n`)
    })
  }

  /** Why there will be no more answers. The first counts. */
  end(why: SessionEnd): void {
    if (this.#end !== undefined) return
    this.#end = why
    // What comes still is for nobody, and would be read for as long as its original lives.
    this.#channel.destroy()
    this.#onEnd()
    this.#pending?.onEnd(why)
  }

  #onMessage(message: unknown): void {
    const pending = this.#pending
    if (message === undefined) return this.end({ kind: 'garbled', detail: 'a twin of gdb sent what is no message' })
    const log = recordOf(message)['log']
    if (typeof log === 'string') { for (const line of complaintsIn(log)) pending?.onComplaint(line) }
    else pending?.onMessage(message)
    // Its answer is over with this: there is no machine interface that says so.
    if (recordOf(message)['end'] === pending?.token) pending?.onResult({ class: 'done', results: {} })
  }
}

/** Of lines of the machine interface, what is gdb's own log. */
function complaintsIn(lines: string): string[] {
  return lines.split('\n').flatMap((line) => {
    try {
      const record = parseRecord(line)
      return record.kind === 'stream' && record.stream === 'log'
        ? record.text.split('\n').filter((each) => each !== '')
        : []
    } catch {
      return [] // cut, or no record at all
    }
  })
}
