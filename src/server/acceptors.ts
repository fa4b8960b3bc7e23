/**
 * More descriptors of the listening socket. libuv takes one connection of a descriptor in each turn of its loop (uv__server_io,
 * since 1.45), so that whoever comes anew to a server whose turns are long waits in the kernel's queue, for seconds, while those whom
 * it knows are answered in a tenth of one; ABRT's clients come anew with each question. Each further descriptor takes one more.
 * Node has no dup(2): a process that sends back what it is sent makes them (SCM_RIGHTS, unix(7)).
 */
import { Server, type Socket } from 'node:net'
import { execPath, versions } from 'node:process'
import { startOutside } from '../process/outside.ts'
import type { OpenSocket } from '../process/start.ts'
import { log } from '../telemetry/log.ts'
import { count } from '../text/count.ts'

/** Besides the socket's own. */
const MORE = 15
/** So many turns one after the other that took a connection each: others are waiting. */
const BUSY_TURNS = 4
const TIME_LIMIT_MS = 10_000
/** After an attempt that failed: what lacked may be there again. */
const PAUSE_MS = 60_000
const GIVES_BACK = `process.on('message', (count, handle) => {
  for (let each = 0; each < count; each++) process.send(each, handle)
})`

/** Watches a server of Node's that listens; once its connections have to wait, others are taken beside it. */
export class Acceptors {
  readonly #server: Server
  /** Since connections had to wait; resolves when it is done, or cannot be. */
  multiplying: Promise<void> | undefined
  readonly #words: readonly [string, ...string[]]
  readonly #more: Server[] = []
  #busyTurns = 0
  #isOver = versions.deno !== undefined
  readonly #closed = new AbortController()

  /** `words`: the program that sends back what it is sent. */
  constructor(server: Server, words: readonly [string, ...string[]] = [execPath, '-e', GIVES_BACK]) {
    this.#server = server
    this.#words = words
    server.on('connection', this.#onConnection)
  }

  /** How many descriptors there are besides the server's own. */
  get count(): number {
    return this.#more.length
  }

  close(): void {
    this.#isOver = true
    // What holds the socket keeps it listening.
    this.#closed.abort()
    this.#server.off('connection', this.#onConnection)
    for (const server of this.#more) server.close()
  }

  #onConnection = () => {
    this.#busyTurns++
    const busyTurns = this.#busyTurns
    if (busyTurns === BUSY_TURNS && !this.#isOver) {
      this.#server.off('connection', this.#onConnection)
      this.multiplying = this.#multiply()
      return
    }
    // The first is called in this turn, the second in the next, behind the connection that it may bring.
    setImmediate(() => setImmediate(() => this.#busyTurns === busyTurns && (this.#busyTurns = 0)))
  }

  async #multiply(): Promise<void> {
    const { _handle: handle } = this.#server as unknown as { _handle?: OpenSocket }
    await using helper = startOutside('node', this.#words, {
      diesWithUs: true,
      messages: true,
      timeoutMs: TIME_LIMIT_MS,
      signal: this.#closed.signal,
    })
    const { messages } = helper
    const all = new Promise<void>((resolve) => {
      let left = MORE
      messages?.on('message', (_each, handle) => {
        this.#add(handle as unknown as OpenSocket)
        if (--left === 0) resolve()
      })
    })
    messages?.send(MORE, handle, (error) => error !== null && helper.stop())
    const end = await Promise.race([all, helper.ended])
    if (end === undefined || this.#isOver) return
    const why = end.failure?.message ?? (end.complaint || `it ended with ${end.code ?? end.signal}`)
    const missing = count(MORE - this.count, 'further descriptor')
    log('http').warning(`New connections have to wait, since ${missing} could not be made: ${why}`)
    if (this.count > 0) return
    setTimeout(() => {
      this.#busyTurns = 0
      if (!this.#isOver) this.#server.on('connection', this.#onConnection)
    }, PAUSE_MS).unref()
  }

  #add(handle: OpenSocket): void {
    const { allowHalfOpen = false } = this.#server as { allowHalfOpen?: boolean }
    const server = new Server({ allowHalfOpen, noDelay: true })
    server.on('connection', (socket: Socket) => this.#server.emit('connection', socket))
    server.on(
      'error',
      (error) => log('http').error(`A further descriptor of the listening socket failed: ${error.message}`),
    )
    server.listen({ _handle: handle })
    this.#more.push(server)
    if (this.#isOver) server.close()
  }
}
