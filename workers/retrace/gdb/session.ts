/**
 * A conversation with gdb: one command at a time, each with a time limit, each with an answer of its own. Bytes and
 * memory are limited. It never hangs: whatever gdb does, an answer comes. The machine interface (mi.ts) starts and ends
 * each command; bulk comes by the channel of root/scripts/retrace.py.
 */
import { Buffer } from 'node:buffer'
import { constants } from 'node:os'
import { heldMb, processTree, residentMb } from '../../../src/process/memory.ts'
import { endProcess, interrupt } from '../../../src/process/signals.ts'
import type { End } from '../../../src/process/start.ts'
import type { Sandboxed } from '../sandbox/launch.ts'
import { isModest } from './json_shape.ts'
import { lastWords } from './last_words.ts'
import { splitLines } from './lines.ts'
import { isOfTheWall } from '../../../src/process/wall.ts'
import { type MiRecord, parseRecord } from './mi.ts'
import { Twin } from './twin.ts'
import { type Answer, Pending, type PendingOptions, type SessionEnd } from './pending.ts'

export type { Answer, SessionEnd } from './pending.ts'

export interface SessionLimits {
  /** Resident memory of everything in the sandbox. */
  readonly memoryMb: number
  /** Bytes of one line of the machine interface, of one message, and of all messages together. */
  readonly lineBytes: number
  readonly messageBytes: number
  readonly totalBytes: number
}

const MEMORY_POLL_MS = 100
/** The wall, its first process inside, gdb; what gdb starts itself comes after that. */
const DEPTH_OF_GDB = 2
/**
 * What a gdb may hold when it gets twins. With more of it the units of DWARF that threads lead into are large, and mostly the same ones:
 * ceph-osd, 0.44 GB then, took 23.7 s with a twin and 2.1 GB, without 19.3 s and 1.5.
 */
const MAX_DIVIDED_MB = 256
/** Of the limit of its memory, what it may hold with them: they end then. */
const SHARE_WITH_TWINS = 0.5
/** What all twins may say, of what one gdb may: the worker has memory for little more than that one (docs/security.md). */
const SAID_BY_TWINS = 0.25
const MAX_WARNINGS = 200
const MAX_WARNING = 500
const SIGNALLED = 128

/** Speaks to a gdb that was started with the words of arguments.ts. */
export class Session {
  /** gdb's own log stream, line by line: warnings. Not part of any answer. */
  readonly warnings: string[] = []
  readonly #process: Sandboxed
  readonly #limits: SessionLimits
  readonly #watch: ReturnType<typeof setInterval>
  #twins: readonly Twin[] = []
  #pending: Pending | undefined
  #wasInterrupted = false
  #end: SessionEnd | undefined
  #token = 0
  /** Bytes of messages: of its own, and of all twins. */
  readonly #said = { gdb: 0, twins: 0 }
  /** What is said when the command that runs now takes too long. */
  #late = ''
  #peakMb = 0

  constructor(process: Sandboxed, limits: SessionLimits) {
    this.#process = process
    this.#limits = limits
    const onOverflow = () => this.#finish('overflow', 'gdb said more in one piece than can be kept')
    const lines = { maxBytes: limits.lineBytes, onOverflow, onLine: (line: Uint8Array) => this.#onLine(line) }
    const messages = { maxBytes: limits.messageBytes, onOverflow, onLine: (line: Uint8Array) => this.#onMessage(line) }
    process.running.output.on('data', splitLines(lines))
    process.channel.on('data', splitLines(messages))
    process.running.ended.then((end) => this.#onExit(end))
    this.#watch = setInterval(() => this.#watchMemory(), MEMORY_POLL_MS)
    this.#watch.unref()
  }

  /** Why the session is over; undefined while it is not. */
  get end(): SessionEnd | undefined {
    return this.#end
  }

  /** A command was told that its time is over. One that was just done leaves that to the next command, which fails over it. */
  get wasInterrupted(): boolean {
    return this.#wasInterrupted
  }

  /** Of the outermost process, the wall's; undefined when it could not be started, and once the number can be another's. */
  get pid(): number | undefined {
    const { hasExited, pid } = this.#process.running
    return hasExited ? undefined : pid
  }

  /** The most resident memory that was seen, in MiB. */
  get peakMb(): number {
    return Math.round(this.#peakMb)
  }

  /** One command of the machine interface, e.g. `-gdb-set sysroot /sysroot`. */
  command(line: string, limitMs: number): Promise<Answer> {
    return this.#send(line, limitMs, { isQuestion: false })
  }

  /**
   * One question to retrace.py: `answer_NAME(...)`. Parameters are texts, numbers, and lists of them, and go by its channel: gdb
   * reads its commands byte by byte. `idleMs`: how long it may be silent within its limit.
   */
  ask(question: string, parameters: readonly unknown[], limitMs: number, idleMs?: number): Promise<Answer> {
    const token = this.#token + 1
    const line = `-interpreter-exec console ${JSON.stringify(`python ask(${token}, ${JSON.stringify(question)})`)}`
    const message = JSON.stringify([token, ...parameters])
    return this.#send(line, limitMs, { isQuestion: true, message, ...(idleMs === undefined ? {} : { idleMs }) })
  }

  /**
   * Has gdb fork, once it has opened the core, and makes as many twins as there are channels for, `twins` at most; none where that
   * cannot be. `paths`: of all files that gdb may have opened. `onAnswer` hears what gdb says over it.
   */
  async divide(
    twins: number,
    paths: readonly string[],
    { limitMs, onAnswer }: { limitMs: number; onAnswer(answer: Answer): void },
  ): Promise<readonly Twin[]> {
    const held = this.pid === undefined ? Infinity : residentMb(this.pid)
    const channels = this.#process.twins.slice(0, Math.min(twins, twinsFor(held, this.#limits.memoryMb)))
    const wanted = channels.length
    if (wanted < 1) return []
    const answer = await this.ask('divide', [wanted, paths], limitMs)
    onAnswer(answer)
    if (answer.kind !== 'done') {
      this.#endForks()
      return []
    }
    this.#twins = channels.map((channel) =>
      new Twin(channel, {
        messageBytes: Math.min(this.#limits.messageBytes, this.#limits.totalBytes * SAID_BY_TWINS),
        read: (line) => this.#read(line, 'twins').message,
        onEnd: () => this.#endTwins(),
      })
    )
    return this.#twins
  }

  /** Ends gdb and everything else in the sandbox. gdb has nothing to save, so it is not asked. */
  async close(): Promise<void> {
    this.#finish('closed', 'the session was closed')
    await this.#process.running.ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #send(
    line: string,
    limitMs: number,
    { message, ...kind }: Pick<PendingOptions, 'isQuestion' | 'idleMs'> & { message?: string },
  ): Promise<Answer> {
    if (this.#pending !== undefined) throw new Error('Expected the answer to the last command before the next one')
    if (this.#end !== undefined) {
      return Promise.resolve({ kind: 'ended', end: this.#end, console: '', data: [], complaints: [] })
    }
    const token = ++this.#token
    const patience = Math.min(limitMs, kind.idleMs ?? limitMs)
    this.#late = `gdb did not answer within ${(patience / 1000).toFixed(1)} s to ${line.slice(0, 120)}`
    return new Promise((resolve) => {
      this.#pending = new Pending({
        token,
        ...kind,
        limitMs,
        onLate: () => this.#interrupt(),
        onStuck: () => this.#finish('timeout', this.#late),
        onAnswer: (answer) => {
          this.#pending = undefined
          // Most cores take less time than there is between two looks.
          if (token === 1) this.#watchMemory()
          resolve(answer)
        },
      })
      // A line of its own, even if the one before was not read whole.
      if (message !== undefined) this.#process.channel.write(`\n${message}\n`)
      this.#process.running.input.write(`${token}${line}\n`)
    })
  }

  #onLine(bytes: Uint8Array): void {
    let record: MiRecord
    try {
      record = parseRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
    } catch (error) {
      return this.#finish('garbled', error instanceof Error ? error.message : String(error))
    }
    if (record.kind === 'stream') {
      if (record.stream === 'log') this.#warn(record.text)
      else this.#pending?.onConsole(record.text)
    } else if (record.kind === 'result' && record.token === this.#pending?.token) this.#pending?.onResult(record)
  }

  #onMessage(bytes: Uint8Array): void {
    const { fault, message } = this.#read(bytes, 'gdb')
    if (fault !== undefined) this.#finish(...fault)
    else this.#pending?.onMessage(message)
  }

  /** A line of a channel. `message`: undefined where it is none. */
  #read(bytes: Uint8Array, who: 'gdb' | 'twins'): { fault?: [SessionEnd['kind'], string]; message?: unknown } {
    this.#said[who] += bytes.length
    if (this.#said[who] > this.#limits.totalBytes * (who === 'twins' ? SAID_BY_TWINS : 1)) {
      return { fault: ['overflow', 'gdb said more in all than can be kept'] }
    }
    if (!isModest(bytes)) return { fault: ['overflow', 'gdb said more in one message than a message can hold'] }
    try {
      return { message: JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) }
    } catch {
      return { fault: ['garbled', 'gdb sent a message that is no JSON'] }
    }
  }

  /** Asks gdb to give up this one command. */
  #interrupt(): void {
    this.#wasInterrupted = true
    const gdb = this.pid === undefined ? undefined : processTree(this.pid)[DEPTH_OF_GDB]
    try {
      if (gdb !== undefined) interrupt(gdb)
    } catch (error) {
      this.#warn(String(error)) // the next time limit ends it
    }
  }

  #watchMemory(): void {
    if (this.pid === undefined) return
    let megabytes = residentMb(this.pid)
    // What twins share counts for each of them there: then it is looked at more closely, which takes longer.
    if (this.#twins.length > 0 && megabytes > this.#peakMb) megabytes = heldMb(this.pid)
    if (megabytes > this.#peakMb) this.#peakMb = megabytes
    // Its memory is gdb's own, in the first place.
    if (this.#twins.length > 0 && megabytes > this.#limits.memoryMb * SHARE_WITH_TWINS) return this.#endTwins()
    // Pages of files count as resident here, though the kernel can take them back: a group knows better.
    if (megabytes <= this.#limits.memoryMb || this.#process.group !== undefined) return
    this.#finish('memory', `gdb held ${Math.round(megabytes)} MB, over the limit of ${this.#limits.memoryMb} MB`)
  }

  #endTwins(): void {
    const twins = this.#twins
    if (twins.length === 0) return
    this.#twins = []
    for (const each of twins) each.end({ kind: 'closed', detail: 'the twins of gdb were ended' })
    this.#endForks()
  }

  #endForks(): void {
    try {
      for (const pid of this.pid === undefined ? [] : processTree(this.pid).slice(DEPTH_OF_GDB + 1)) endProcess(pid)
    } catch (error) {
      this.#warn(String(error)) // they end with their original
    }
  }

  #warn(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue
      this.#pending?.onComplaint(line.slice(0, MAX_WARNING))
      if (this.warnings.length < MAX_WARNINGS) this.warnings.push(line.slice(0, MAX_WARNING))
    }
  }

  #onExit(end: End): void {
    if (end.failure?.kind === 'not-started' || end.code !== 0 && isOfTheWall(end.complaint)) {
      return this.#finish('unstarted', `the sandbox did not start: ${end.failure?.message ?? end.complaint}`)
    }
    if (this.#process.group?.wasKilled !== true) return this.#finish('exit', exitDetail(end, this.warnings))
    this.#finish('memory', `gdb wanted more memory than its limit of ${this.#limits.memoryMb} MB`)
  }

  #finish(kind: SessionEnd['kind'], detail: string): void {
    // An interrupt can end a gdb that has not come up yet, or spoil what it says: its time was over all the same.
    const isSpoilt = kind === 'exit' || kind === 'overflow' || kind === 'garbled'
    const isLate = this.#pending?.wasInterrupted === true && isSpoilt
    this.#end ??= isLate ? { kind: 'timeout', detail: this.#late } : { kind, detail }
    clearInterval(this.#watch)
    this.#process.running.stop()
    for (const each of this.#twins) each.end(this.#end)
    this.#pending?.onEnd(this.#end)
  }
}

/** For how many twins of a gdb that holds so much its limit of memory has room. */
export function twinsFor(heldMb: number, limitMb: number): number {
  if (heldMb > MAX_DIVIDED_MB) return 0
  return Math.max(0, Math.floor(limitMb * SHARE_WITH_TWINS / heldMb) - 1)
}

function exitDetail({ code, signal, complaint }: End, warnings: readonly string[]): string {
  const said = lastWords(
    [...warnings.filter((line) => line.includes('internal-error')).slice(-1), complaint].join('\n'),
  )
  return `gdb ended by itself (${signal ?? nameOf(code ?? 0)})${said === '' ? '' : `: ${said}`}`
}

/** The wall gives the signal that killed what ran behind it as an exit code, as shells do. */
function nameOf(code: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => code === SIGNALLED + number)?.[0]
  return signal ?? `exit code ${code}`
}
