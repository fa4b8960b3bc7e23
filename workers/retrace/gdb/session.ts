/**
 * A conversation with gdb: one command at a time, each with a time limit, each with an answer of its own. Owns pipes,
 * tokens, limits on bytes and memory, and the end of the process; refuses to hang: whatever gdb does, an answer comes.
 * The machine interface (mi.ts) starts and ends each command; bulky answers come by the channel of root/scripts/retrace.py.
 */
import { Buffer } from 'node:buffer'
import { kill } from 'node:process'
import { killGroup, type Sandboxed } from '../sandbox/launch.ts'
import { processTree, residentMb } from '../sandbox/process_tree.ts'
import { splitLines } from './lines.ts'
import { type MiRecord, type MiTuple, parseRecord, textOf } from './mi.ts'

/** Why there will be no more answers. */
export type SessionEnd =
  | { kind: 'exit'; detail: string }
  | { kind: 'memory'; detail: string }
  | { kind: 'overflow'; detail: string }
  | { kind: 'timeout'; detail: string }
  | { kind: 'closed'; detail: string }

export type Answer =
  | { kind: 'done'; results: MiTuple; console: string; data: unknown[] }
  | { kind: 'error'; message: string; console: string; data: unknown[] }
  /** The command took too long and was interrupted; gdb takes the next one. */
  | { kind: 'interrupted'; console: string; data: unknown[] }
  /** The session is over. `data` is what came for this command before that. */
  | { kind: 'ended'; end: SessionEnd; console: string; data: unknown[] }

export interface SessionLimits {
  readonly memoryMb: number
  /** Bytes of one line of the machine interface, of one message, and of all messages together. */
  readonly lineBytes: number
  readonly messageBytes: number
  readonly totalBytes: number
}

interface Pending {
  readonly token: number
  /** Ends when both have come; a command without a question needs only the record. */
  result: { class: string; results: MiTuple } | undefined
  awaitsData: boolean
  console: string
  readonly data: unknown[]
  settle(answer: Answer): void
}

const MEMORY_POLL_MS = 100
const INTERRUPT_GRACE_MS = 2_000
const MAX_CONSOLE = 1 << 20
const MAX_WARNINGS = 200

/** Speaks to a gdb that was started with `--interpreter=mi3`. */
export class Session {
  /** gdb's own log stream, line by line: warnings. Not part of any answer. */
  readonly warnings: string[] = []
  readonly #process: Sandboxed
  readonly #limits: SessionLimits
  readonly #watch: ReturnType<typeof setInterval>
  #pending: Pending | undefined
  #end: SessionEnd | undefined
  #token = 0
  #total = 0
  #errors = ''
  #peakMb = 0

  constructor(process: Sandboxed, limits: SessionLimits) {
    this.#process = process
    this.#limits = limits
    const overflow = () => this.#finish({ kind: 'overflow', detail: 'gdb said more in one piece than can be kept' })
    process.output.on(
      'data',
      splitLines({
        maxBytes: limits.lineBytes,
        onLine: (line) => this.#onLine(Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1')),
        onOverflow: overflow,
      }),
    )
    process.channel.on(
      'data',
      splitLines({
        maxBytes: limits.messageBytes,
        onLine: (line) => this.#onMessage(line),
        onOverflow: overflow,
      }),
    )
    process.errors.on('data', (chunk: Uint8Array) => {
      if (this.#errors.length < 4096) this.#errors += Buffer.from(chunk).toString('utf8')
    })
    process.child.on(
      'error',
      (error) => this.#finish({ kind: 'exit', detail: `the sandbox did not start: ${error.message}` }),
    )
    process.child.on('close', (code, signal) => this.#finish({ kind: 'exit', detail: this.#exitDetail(code, signal) }))
    this.#watch = setInterval(() => this.#watchMemory(), MEMORY_POLL_MS)
    this.#watch.unref()
  }

  get end(): SessionEnd | undefined {
    return this.#end
  }

  /** The most resident memory that was seen, in MiB. */
  get peakMb(): number {
    return Math.round(this.#peakMb)
  }

  /** One command of the machine interface, e.g. `-gdb-set sysroot /sysroot`. */
  command(line: string, limitMs: number): Promise<Answer> {
    return this.#send(line, limitMs, false)
  }

  /** One question to retrace.py: `answer_NAME(...)`. Arguments are numbers, lists of them, and texts. */
  ask(question: string, parameters: readonly unknown[], limitMs: number): Promise<Answer> {
    const call = [this.#token + 1, question, ...parameters].map((each) => JSON.stringify(each)).join(', ')
    return this.#send(`-interpreter-exec console ${JSON.stringify(`python ask(${call})`)}`, limitMs, true)
  }

  /** Ends gdb and everything else in the sandbox. gdb has nothing to save, so it is not asked. */
  async close(): Promise<void> {
    const { child } = this.#process
    const gone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve()))
    this.#finish({ kind: 'closed', detail: 'the session was closed' })
    await gone
  }

  #send(line: string, limitMs: number, awaitsData: boolean): Promise<Answer> {
    if (this.#pending !== undefined) throw new Error('Expected the answer to the last command before the next one')
    if (this.#end !== undefined) {
      return Promise.resolve({ kind: 'ended', end: this.#end, console: '', data: [] })
    }
    const token = ++this.#token
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#interrupt(token, line, limitMs), Math.max(1, limitMs))
      this.#pending = {
        token,
        result: undefined,
        awaitsData,
        console: '',
        data: [],
        settle: (answer) => {
          clearTimeout(timer)
          this.#pending = undefined
          resolve(answer)
        },
      }
      this.#process.input.write(`${token}${line}\n`)
    })
  }

  #onLine(line: string): void {
    let record: MiRecord
    try {
      record = parseRecord(line)
    } catch (error) {
      return this.#finish({ kind: 'overflow', detail: error instanceof Error ? error.message : String(error) })
    }
    if (record.kind === 'stream') {
      if (record.stream === 'log') return this.#warn(record.text)
      const pending = this.#pending
      if (pending !== undefined && pending.console.length < MAX_CONSOLE) pending.console += record.text
    } else if (record.kind === 'result' && record.token === this.#pending?.token && this.#pending !== undefined) {
      this.#pending.result = record
      this.#settleWhenComplete()
    }
  }

  #onMessage(line: Uint8Array): void {
    this.#total += line.length
    if (this.#total > this.#limits.totalBytes) {
      return this.#finish({ kind: 'overflow', detail: 'gdb said more in all than can be kept' })
    }
    let message: unknown
    try {
      message = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8'))
    } catch {
      return this.#finish({ kind: 'overflow', detail: 'gdb sent a message that is no JSON' })
    }
    const pending = this.#pending
    if (pending === undefined) return
    if (typeof message === 'object' && message !== null && 'end' in message) {
      if (message.end === pending.token) pending.awaitsData = false
      this.#settleWhenComplete()
    } else pending.data.push(message)
  }

  #settleWhenComplete(): void {
    const pending = this.#pending
    if (pending?.result === undefined) return
    const { result, console, data } = pending
    if (result.class === 'error') {
      pending.settle({ kind: 'error', message: textOf(result.results.msg) ?? 'gdb gave no reason', console, data })
    } else if (!pending.awaitsData) pending.settle({ kind: 'done', results: result.results, console, data })
  }

  /** Too long: first gdb is asked to give up this command alone, then it is ended. */
  #interrupt(token: number, line: string, limitMs: number): void {
    const seconds = (limitMs / 1000).toFixed(1)
    const pid = this.#process.child.pid
    const innermost = pid === undefined ? undefined : processTree(pid).at(-1)
    if (innermost !== undefined && innermost !== pid) {
      try {
        kill(innermost, 'SIGINT')
      } catch {
        // it has just ended, and 'close' says so
      }
    }
    const pending = this.#pending
    if (pending?.token !== token) return
    const settle = pending.settle
    const timer = setTimeout(
      () => this.#finish({ kind: 'timeout', detail: `gdb did not answer within ${seconds} s: ${line.slice(0, 120)}` }),
      INTERRUPT_GRACE_MS,
    )
    pending.settle = (answer) => {
      clearTimeout(timer)
      settle(answer.kind === 'error' ? { kind: 'interrupted', console: answer.console, data: answer.data } : answer)
    }
  }

  #watchMemory(): void {
    const pid = this.#process.child.pid
    if (pid === undefined) return
    const megabytes = residentMb(processTree(pid))
    if (megabytes > this.#peakMb) this.#peakMb = megabytes
    if (megabytes > this.#limits.memoryMb) {
      const detail = `gdb held ${Math.round(megabytes)} MB, over the limit of ${this.#limits.memoryMb} MB`
      this.#finish({ kind: 'memory', detail })
    }
  }

  #warn(text: string): void {
    for (const line of text.split('\n')) {
      if (line !== '' && this.warnings.length < MAX_WARNINGS) this.warnings.push(line.slice(0, 500))
    }
  }

  #exitDetail(code: number | null, signal: string | null): string {
    const said = this.#errors.trim().split('\n').at(-1) ?? ''
    return `gdb ended by itself (${signal ?? `exit code ${code}`})${said === '' ? '' : `: ${said.slice(0, 300)}`}`
  }

  #finish(end: SessionEnd): void {
    if (this.#end === undefined) this.#end = end
    clearInterval(this.#watch)
    killGroup(this.#process.child)
    const pending = this.#pending
    pending?.settle({ kind: 'ended', end: this.#end, console: pending.console, data: pending.data })
  }
}
