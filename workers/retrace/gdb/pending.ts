/**
 * A command that waits for its answer. It knows when the answer is complete, and has two clocks: when the command is to
 * be interrupted, and when that did not help. It settles once.
 */
import { type MiTuple, textOf } from './mi.ts'
import { MIB } from '../../../src/units/bytes.ts'

/**
 * Why there will be no more answers. `memory`: it reached the limit. `overflow`: it said more than is kept; `garbled`: what is
 * no answer. `timeout`: it did not even react to being interrupted.
 */
export interface SessionEnd {
  readonly kind: 'exit' | 'unstarted' | 'memory' | 'overflow' | 'garbled' | 'timeout' | 'closed'
  readonly detail: string
}

interface Said {
  readonly console: string
  /** Messages of retrace.py. */
  readonly data: unknown[]
  /** Lines of gdb's own log stream: warnings, and what it says of files that it cannot read. */
  readonly complaints: string[]
}

export type Answer =
  | { kind: 'done'; results: MiTuple } & Said
  | { kind: 'error'; message: string } & Said
  /** The command took too long and was interrupted; gdb takes the next one. */
  | { kind: 'interrupted' } & Said
  /** The session is over. `data` is what came for this command before that. */
  | { kind: 'ended'; end: SessionEnd } & Said

export interface PendingOptions {
  readonly token: number
  /** A question to retrace.py: its messages end with the token. */
  readonly isQuestion: boolean
  readonly limitMs: number
  /** Of the limit, without a message: for a question about many things, of which each has a message. */
  readonly idleMs?: number
  /** The limit is over: interrupt the command. */
  onLate(): void
  /** It did not react to that. */
  onStuck(): void
  onAnswer(answer: Answer): void
}

const STUCK_MS = 2_000
/** A question that fails ends its messages too; where it could not even begin, nothing comes. */
const END_GRACE_MS = 200
const MAX_CONSOLE = MIB
const MAX_COMPLAINTS = 200
const MAX_COMPLAINT = 500

export class Pending {
  readonly token: number
  readonly #options: PendingOptions
  readonly #data: unknown[] = []
  readonly #complaints: string[] = []
  readonly #limitAt: number
  #console = ''
  #result: { class: string; results: MiTuple } | undefined
  #awaitsData: boolean
  /** What retrace.py says of the question when it is over: that counts, whatever gdb itself stumbles over after that. */
  #verdict: { readonly failed: string | undefined } | undefined
  #wasInterrupted = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSettled = false

  constructor(options: PendingOptions) {
    this.token = options.token
    this.#options = options
    this.#awaitsData = options.isQuestion
    this.#limitAt = performance.now() + options.limitMs
    this.#startClock()
  }

  /** The limit was over and gdb was told so: an end that comes now is no end of its own. */
  get wasInterrupted(): boolean {
    return this.#wasInterrupted
  }

  onConsole(text: string): void {
    if (this.#console.length < MAX_CONSOLE) this.#console += text
  }

  onComplaint(line: string): void {
    if (this.#complaints.length < MAX_COMPLAINTS) this.#complaints.push(line.slice(0, MAX_COMPLAINT))
  }

  onResult(result: { class: string; results: MiTuple }): void {
    this.#result = result
    if (result.class === 'error' && this.#awaitsData) this.#awaitEnd(result)
    else if (!this.#awaitsData) this.#complete(result)
  }

  onMessage(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('end' in message)) {
      this.#data.push(message)
      const isInTime = performance.now() < this.#limitAt
      if (this.#result?.class === 'error' && this.#awaitsData && isInTime) this.#awaitEnd(this.#result)
      if (this.#options.idleMs !== undefined && !this.#wasInterrupted && this.#result === undefined) this.#startClock()
    } else if (message.end === this.token) {
      this.#awaitsData = false
      const failed = 'failed' in message && typeof message.failed === 'string' ? message.failed : undefined
      this.#verdict = { failed }
      if (this.#result !== undefined) this.#complete(this.#result)
    }
  }

  /**
   * gdb failed at the command, and what the question said may be under way. On a busy machine all of that has come when the time is
   * over, and nobody has looked: a timer is heard before what came.
   */
  #awaitEnd(result: { class: string; results: MiTuple }): void {
    this.#after(END_GRACE_MS, () => setImmediate(() => this.#complete(result)))
  }

  onEnd(end: SessionEnd): void {
    this.#settle({ kind: 'ended', end, ...this.#said() })
  }

  #startClock(): void {
    const left = this.#limitAt - performance.now()
    this.#after(Math.min(left, this.#options.idleMs ?? left), () => this.#interrupt())
  }

  #interrupt(): void {
    this.#wasInterrupted = true
    this.#after(STUCK_MS, () => this.#options.onStuck())
    this.#options.onLate()
  }

  #complete({ class: name, results }: { class: string; results: MiTuple }): void {
    const message = name === 'error' ? textOf(results.msg) ?? 'gdb gave no reason' : undefined
    const failed = this.#verdict === undefined ? message : this.#verdict.failed
    if (failed === undefined) this.#settle({ kind: 'done', results, ...this.#said() })
    else if (this.#wasInterrupted) this.#settle({ kind: 'interrupted', ...this.#said() })
    else this.#settle({ kind: 'error', message: failed, ...this.#said() })
  }

  #said(): Said {
    return { console: this.#console, data: this.#data, complaints: this.#complaints }
  }

  #settle(answer: Answer): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.#options.onAnswer(answer)
  }

  #after(milliseconds: number, act: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(act, Math.max(1, milliseconds))
  }
}
