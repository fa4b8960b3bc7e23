/**
 * The only place that starts programs: with an array of arguments and never a shell, with a named environment, in a
 * process group that ends as a whole, under a time limit and its caller's signal; what a program leaves behind is
 * ended, too. Only outside.ts and inside.ts call this; they say what is started, and on which side of the wall.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { errnoOf } from '../errors/errno.ts'
import { Complaint } from './complaint.ts'
import { ProgramError } from './error.ts'
import { withoutInherited } from './inherited.ts'
import { ownNiceness, standBack } from './niceness.ts'
import { findProgram, SEARCH_PATH } from './search_path.ts'
import { endGroup, endOrphans } from './signals.ts'

/** Where programs are looked for, and how they speak; nothing of the server's own environment. */
const ENVIRONMENT = {
  PATH: SEARCH_PATH,
  LC_ALL: 'C.UTF-8',
}

export interface Command {
  /** The program that it is about, as messages call it. */
  readonly title: string
  readonly words: readonly [program: string, ...args: string[]]
  /**
   * Programs that the command goes through first, and what they make: what one complains about is not the program's.
   */
  readonly through?: { readonly programs: readonly string[]; readonly what: string }
  /** Why it need not be tried. */
  readonly impediment?: ProgramError
  /** Open files that it gets behind its channels. */
  readonly given?: readonly number[]
  /** As root: whom it runs as, a user and a group of this number and no other group. */
  readonly user?: number | undefined
}

/** An open socket, as Node sends it. */
export type OpenSocket = Parameters<ChildProcess['send']>[1]

export interface StartOptions {
  /** Its standard input: a stream, an open file; 'open': what the caller writes to `input`; none: it is empty. */
  input?: Readable | number | 'open'
  /** An open file that takes standard output and standard error; without it both come through pipes. */
  output?: number
  /** Pipes besides, from descriptor 3 on: `channels` of the running program. */
  channels?: number
  /** 'inherited': that of this process; a program that answers to the administrator's environment. */
  environment?: 'inherited'
  /** Stays in the group of this process, and so in the foreground of its terminal; ends by itself. Standard error is this process's. */
  sharesTerminal?: boolean
  /** It is a Node, to which messages go and from which they come, and open sockets with them: `messages`. */
  messages?: boolean
  /** How far it stands back from others, where that is more than nice(1) in its words can do; by default as far as this process. */
  niceness?: number
  /** Ends it when it aborts. */
  signal?: AbortSignal
  /** Ends it after so long. */
  timeoutMs?: number
}

/**
 * How a program ended: an exit code, or the signal that killed it; `failure`: why we ended it, or could not start it.
 */
export interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly failure: ProgramError | undefined
  readonly complaint: string
}

/** A program that runs. Disposing of it ends it, with all that it has started in its group. */
export class Running implements AsyncDisposable {
  /** Undefined: it could not be started. */
  readonly pid: number | undefined
  readonly input: Writable
  readonly output: Readable
  readonly channels: readonly Duplex[]
  /** Of a program that takes messages and could be started. */
  readonly messages: Pick<ChildProcess, 'send' | 'on'> | undefined
  /** Resolves when it has ended and its pipes are closed, however it did. */
  readonly ended: Promise<End>
  readonly #command: Command
  readonly #complaint = new Complaint()
  #failure: ProgramError | undefined
  #hasExited = false

  constructor(command: Command, options: StartOptions) {
    this.#command = command
    const { input, output = 'pipe', channels = 0 } = options
    const first = typeof input === 'number' ? input : input === undefined ? 'ignore' : 'pipe'
    const own = [
      first,
      output,
      options.sharesTerminal === true ? 2 : output,
      ...Array<Descriptor>(channels).fill('pipe'),
      ...command.given ?? [],
      ...options.messages === true ? ['ipc' as const] : [],
    ] as const
    const child = command.impediment ?? spawned(command, own, options)
    const pipes = child instanceof Error ? [] : child.stdio ?? []
    this.pid = child instanceof Error ? undefined : child.pid
    this.messages = child instanceof Error || options.messages !== true ? undefined : child
    const niceness = options.niceness ?? ownNiceness()
    if (this.pid !== undefined && niceness > 0 && options.sharesTerminal !== true) standBack(this.pid, niceness)
    // Where there is no pipe, and where this process has no descriptor left for one: nothing comes, all goes nowhere.
    this.input = pipes[0] as Writable | null ?? nowhere()
    this.output = pipes[1] as Readable | null ?? nowhere()
    this.channels = Array.from({ length: channels }, (_, at) => pipes[at + 3] as Duplex | undefined ?? nowhere())
    const errors = pipes[2] as Readable | null ?? nowhere()
    errors.on('data', (bytes: Uint8Array) => this.#complaint.add(bytes))
    // A program that ends early closes its pipes: how it ended says more than that.
    for (const pipe of [this.input, this.output, errors, ...this.channels]) pipe.on('error', () => undefined)
    this.ended = child instanceof Error ? Promise.resolve(this.#neverStarted(child)) : this.#end(child, options)
    if (typeof input === 'object') this.#feed(input)
  }

  /** The program, as messages call it. */
  get title(): string {
    return this.#command.title
  }

  /** Whether its number no longer belongs to a process of ours. */
  get hasExited(): boolean {
    return this.#hasExited
  }

  /** What it has written to standard error so far. */
  get complaint(): string {
    return this.#complaint.text()
  }

  /** Ends it with its whole group; does nothing when it has ended. Of several reasons the first is kept. */
  stop(why: ProgramError = new ProgramError('stopped', `${this.title} was stopped`)): void {
    const { pid } = this
    if (this.#hasExited || pid === undefined) return
    this.#failure ??= why
    this.#send(() => endGroup(pid))
  }

  /** Resolves when it ended well. Throws the ProgramError that says why it did not. */
  async succeeded(): Promise<void> {
    const end = await this.ended
    if (end.failure !== undefined) throw end.failure
    if (end.code !== 0) throw this.#whatWentWrong(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    this.output.destroy()
    await this.ended
  }

  #end(child: ChildProcess, { signal, timeoutMs }: StartOptions): Promise<End> {
    const { title } = this
    const abort = () => this.stop(new ProgramError('stopped', `${title} was stopped, because the time was over`))
    const late = () => this.stop(new ProgramError('timeout', `${title} took longer than ${(timeoutMs ?? 0) / 1000} s`))
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    return new Promise<End>((resolve) => {
      const over = (end: Pick<End, 'code' | 'signal'>) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        resolve({ ...end, failure: this.#failure, complaint: this.complaint })
      }
      child.once('error', (cause) => over(this.#neverStarted(cause)))
      child.once('exit', () => {
        this.#hasExited = true
        const { pid } = this
        if (pid !== undefined) this.#send(() => endOrphans(pid))
      })
      child.once('close', (code, signal) => over({ code, signal }))
    })
  }

  #neverStarted(cause: Error): End {
    this.#hasExited = true
    if (cause instanceof ProgramError) {
      this.#failure ??= cause
      return { code: null, signal: null, failure: this.#failure, complaint: cause.complaint }
    }
    const why = errnoOf(cause) === 'ENOENT' ? ': is it installed?' : ` (${errnoOf(cause) ?? cause.message})`
    const message = `${this.#command.words[0]} cannot be started${why}`
    this.#failure ??= new ProgramError('not-started', message, { cause })
    return { code: null, signal: null, failure: this.#failure, complaint: '' }
  }

  /** A failed kill is reported when the program ends: if it were thrown here, nobody might catch it. */
  #send(kill: () => boolean): void {
    try {
      kill()
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      this.#failure = error
    }
  }

  #feed(input: Readable): void {
    input.on('error', (cause) => this.stop(new ProgramError('input', cause.message, { cause })))
    input.pipe(this.input)
  }

  #whatWentWrong({ code, signal, complaint }: End): ProgramError {
    const { title, through } = this.#command
    const how = complaint || String(code ?? signal)
    const spoke = through?.programs.some((program) => complaint.startsWith(`${program}: `))
    if (through !== undefined && (spoke || code === 126 || code === 127)) {
      return new ProgramError('not-started', `${through.what} does not work: ${how}`, { complaint })
    }
    const said = complaint === '' ? '' : `: ${complaint}`
    const killedBy = signal ?? signalOf(code)
    const kind = killedBy === undefined || OF_LIMITS.has(killedBy) ? 'failed' : 'killed'
    const about = kind === 'killed' ? { complaint, signal: killedBy } : { complaint }
    return new ProgramError(kind, `${title} failed (${code ?? signal})${said}`, about)
  }
}

/** Ends that a program meets because of what it was given: its own limits of processor time and of what it writes. */
const OF_LIMITS = new Set(['SIGXCPU', 'SIGXFSZ'])

/** The signal of an exit code by which bubblewrap and shells tell of one: 128 and its number. */
function signalOf(code: number | null): string | undefined {
  if (code === null || code <= 128) return undefined
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
}

type Descriptor = 'pipe' | 'ignore' | 'ipc' | number

/** The system's refusal instead, as far as it comes at once. */
function spawned(
  command: Command,
  stdio: readonly Descriptor[],
  { environment, sharesTerminal = false }: StartOptions,
): ChildProcess | Error {
  const [program, ...args] = command.words
  const path = program.includes('/') ? program : findProgram(program)
  if (path === undefined) return new ProgramError('not-started', `${program} cannot be started: is it installed?`)
  try {
    return spawn(path, args, {
      stdio: withoutInherited(stdio),
      detached: !sharesTerminal,
      cwd: '/',
      ...(command.user === undefined ? {} : { uid: command.user, gid: command.user }),
      ...(environment === 'inherited' ? {} : { env: ENVIRONMENT }),
    })
  } catch (error) {
    if (error instanceof Error && /^E[A-Z0-9]+$/.test(errnoOf(error) ?? '')) return error
    throw error
  }
}

function nowhere(): Duplex {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  stream.push(null)
  return stream
}
