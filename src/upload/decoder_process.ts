/**
 * A stream decompressed by a program in a sandbox: fed as the input arrives, read as the caller asks, killed with its
 * group when either stops. Refuses to keep more than what pipes hold.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { kill } from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { quote } from '../text/escape.ts'
import { errnoOf } from '../errors/errno.ts'
import { badStream } from './bad_stream.ts'
import { chunksOf } from '../stream/chunks.ts'
import { decoderCommand, type DecoderName, libraryFolders } from './decoder_sandbox.ts'

/** A program that has input, is not kept from writing, and does neither read nor write for this long is killed. */
const STALL_MS = 30_000
const MAX_COMPLAINT = 4096

/**
 * Decompresses `input` by the program `path`. Throws what `input` throws, bad-stream when the program refuses what it
 * is given, and Error when it cannot be started.
 */
export async function* decodeByProgram(
  input: AsyncIterable<Uint8Array>,
  decoder: DecoderName,
  path: string,
): AsyncGenerator<Uint8Array> {
  const [program, ...args] = decoderCommand(decoder, path, libraryFolders())
  const child = spawn(program!, args, {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  exit.catch(() => undefined)
  const complaint = collect(child.stderr)
  const feed = new Feed(input, child.stdin, () => killGroup(child))
  let isWaiting = false
  let progress = Date.now()
  const watch = setInterval(() => {
    const since = Math.max(progress, feed.progress)
    if (isWaiting && !feed.isWaitingForInput && Date.now() - since > STALL_MS) killGroup(child)
  }, STALL_MS / 4)
  const output = chunksOf(child.stdout, { onBroken: (cause) => new Error(`${decoder} broke off`, { cause }) })
  try {
    for (;;) {
      isWaiting = true
      const { done, value } = await output.next()
      isWaiting = false
      progress = Date.now()
      if (done) break
      yield value
    }
    const { code, signal } = await exit
    if (feed.failure !== undefined) throw feed.failure
    if (code !== 0) throw meaningOf(complaint(), { decoder, code, signal })
  } finally {
    clearInterval(watch)
    killGroup(child)
    // It may still wait for input that never comes: whoever owns the input ends that.
    feed.stop()
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/** Carries the input to the program; stops without a fault when the program has read enough. */
class Feed {
  failure: unknown
  isWaitingForInput = true
  progress = Date.now()
  #isStopped = false
  readonly #stdin: Writable
  readonly #input: AsyncIterator<Uint8Array>

  constructor(input: AsyncIterable<Uint8Array>, stdin: Writable, onFailure: () => void) {
    this.#stdin = stdin
    this.#input = input[Symbol.asyncIterator]()
    // EPIPE: the program has ended; its exit code says why.
    stdin.on('error', () => this.stop())
    stdin.on('close', () => this.stop())
    this.#run().catch((cause) => {
      this.failure = cause
      onFailure()
    })
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#stdin.destroy()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.isWaitingForInput = true
      const { done, value } = await this.#input.next()
      this.isWaitingForInput = false
      this.progress = Date.now()
      if (this.#isStopped) return
      if (done) {
        this.#stdin.end()
        return
      }
      if (!this.#stdin.write(value)) await this.#room()
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stdin.off('drain', done).off('close', done)
        resolve()
      }
      this.#stdin.on('drain', done).on('close', done)
      if (this.#stdin.destroyed) done()
    })
  }
}

/** What a failed program meant. `bwrap:` or `prlimit:` speak of our own set-up, not of the upload. */
function meaningOf(
  complaint: string,
  end: { decoder: DecoderName; code: number | null; signal: string | null },
): Error {
  if (end.code === 127 || end.code === 126 || /^(bwrap|prlimit):/.test(complaint)) {
    return new Error(`The sandbox of ${end.decoder} does not work: ${complaint || `exit code ${end.code}`}`)
  }
  const reason = complaint.split('\n')[0]!.replace(/^(?:\S*(?:xz|zstd): )?(?:\/\*stdin\*\\|\(stdin\))?[ :]*/, '')
  return badStream(
    `The body does not decompress as ${end.decoder}: ${
      quote(reason || `the program was ended (${end.signal ?? end.code})`)
    }`,
    complaint,
  )
}

/** Keeps the first 4 KB of what a program complains, and reads on. */
function collect(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('latin1')
  stream.on('data', (part: string) => text = (text + part).slice(0, MAX_COMPLAINT))
  stream.on('error', () => undefined)
  return () => text.trim()
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    kill(-child.pid, 'SIGKILL')
  } catch (cause) {
    // ESRCH: all of it has ended already.
    if (errnoOf(cause) !== 'ESRCH') throw cause
  }
}
