/** The steps from a crash to its backtrace: find the core, make it slim, ask, send, wait, show. */
import { createWriteStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientEnvironment } from '../config/client_environment.ts'
import { type Core, readCore } from '../elf/core.ts'
import { ElfError } from '../elf/error.ts'
import { type ByteSource, fileSource } from '../elf/source.ts'
import { clientVersion } from './version.ts'
import { type Slim, slimCore } from '../slim/slim.ts'
import { crashSentence, size } from './about.ts'
import { type Archive, makeArchive } from './archive.ts'
import type { Options } from './command_line.ts'
import { askPerson } from './consent.ts'
import { ClientFailure, EXIT } from './failure.ts'
import { findCore, type Found } from './input.ts'
import { type Machine, machineOf } from './machine.ts'
import { remember } from './memory.ts'
import { showBacktrace } from './result.ts'
import { sendWanted } from './rounds.ts'
import type { Screen } from './screen.ts'
import { lackOf, type Offer, offerOf } from './offer.ts'
import { sendInParts } from './parts.ts'
import { awaitEnd, send, type Sent } from './send.ts'
import type { Server } from './server.ts'
import { sendingLine, showText } from './what.ts'

/** Says that the person agreed to send more memory of the slim core, and how often. */
const ROUNDS = 'X-Task-Rounds'

export interface Tools {
  readonly environment: ClientEnvironment
  /** Private, and removed at the end. */
  readonly folder: string
  readonly screen: Screen
  readonly signal: AbortSignal
  /** What an interruption ends: nothing that matters, or the view of a task that goes on. */
  readonly progress: { hasSent: boolean }
}

/** A core with all that is known of it before anything is sent. */
export interface Crash {
  readonly found: Found
  readonly core: Core
  readonly machine: Machine | undefined
  /** Undefined: it can only be sent whole. */
  readonly slim: Slim | undefined
  readonly about: string
}

/** Throws ClientFailure for what is no core, with what it is. */
export async function readCrash(
  what: { what: string; isLast: boolean },
  options: Options,
  { folder, screen, signal }: Tools,
): Promise<Crash & Disposable> {
  const found = await findCore(what, { folder, signal })
  const source = opened(found.path)
  try {
    const core = readCore(source)
    const machine = await machineOf(core, signal)
    return {
      found,
      core,
      machine,
      slim: options.sendsFullCore ? undefined : slimOf(source, options, screen),
      about: crashSentence(core, machine, found.time === undefined ? undefined : Date.now() - found.time),
      [Symbol.dispose]: () => source[Symbol.dispose](),
    }
  } catch (error) {
    source[Symbol.dispose]()
    if (error instanceof ElfError) throw new ClientFailure(`${named(what)}: ${error.message}`, { exit: EXIT.usage })
    throw error
  }
}

/** Resolves to an exit code. */
export async function retraceCrash(crash: Crash, options: Options, server: Server, tools: Tools): Promise<number> {
  const { screen, signal, environment } = tools
  screen.tell(crash.about)
  const offer = await offerOf(server, signal)
  const lack = lackOf(offer)
  if (lack !== undefined) screen.tell(lack)
  const archive = await agreed(crash, options, { server, offer }, tools)
  if (archive === undefined) {
    screen.tell('Nothing was sent')
    return EXIT.declined
  }
  const sent = await sentTo(server, archive, { offer, screen, signal })
  tools.progress.hasSent = true
  const { task } = sent
  const time = Math.floor(Date.now() / 1000)
  const lost = remember(environment.stateFolder, { ...task, server: server.address, time, about: crash.about })
  if (lost !== undefined) screen.tell(lost)
  signal.addEventListener('abort', () => screen.tell(again(task.id)), { once: true })
  await awaitWith(crash, { archive, server, sent }, { screen, signal })
  screen.clear()
  const code = await showBacktrace(server, task, {
    options,
    isPlain: environment.isPlain,
    pager: environment.pager,
    signal,
  })
  if (!options.isQuiet) screen.tell(again(task.id))
  return code
}

/** Waits for the end, and sends meanwhile what the debugger missed, where that was agreed to. */
async function awaitWith(
  { slim }: Crash,
  { archive, server, sent }: { archive: Archive; server: Server; sent: Sent },
  { screen, signal }: Pick<Tools, 'screen' | 'signal'>,
): Promise<void> {
  const over = new AbortController()
  const rounds = Number(archive.headers[ROUNDS] ?? 0)
  const waiting = { rounds, screen, signal: AbortSignal.any([signal, over.signal]) }
  const sending = slim === undefined ? undefined : sendWanted(server, sent.task, slim, waiting)
  try {
    await awaitEnd(server, sent, { screen, signal })
  } finally {
    over.abort()
    await sending
  }
}

function again(id: string): string {
  return `Task ${id}: 'retrace show ${id}' shows it again, 'retrace delete ${id}' deletes it there`
}

/** The archive that the person agreed to send; undefined: none. */
async function agreed(
  { slim: possible, ...crash }: Crash,
  options: Options,
  { server, offer }: { server: Server; offer: Offer },
  tools: Tools,
): Promise<Archive | undefined> {
  const { screen, signal } = tools
  const { types: taken } = offer
  const slim = offer.takesSlim ? possible : undefined
  if (!options.keepsValues && possible === undefined) {
    throw new ClientFailure('It can only be sent whole, with all memory of the program, which --no-values forbids')
  }
  if (!options.keepsValues && !offer.knowsKeptBack) {
    throw new ClientFailure(
      'The server is an older one: of a core without values it would show zeros as if they were true',
    )
  }
  const rounds = options.keepsValues ? Math.min(options.rounds, offer.rounds) : 0
  const architecture = crash.core.architecture ?? ''
  const whole = statSync(crash.found.path).size
  const make = async (slim: Slim | undefined): Promise<Archive> => {
    screen.now(`packing ${size(slim?.size ?? whole)}`)
    const path = slim === undefined ? crash.found.path : await written(slim, tools)
    const folder = join(tools.folder, slim === undefined ? 'full' : 'slim')
    const archive = await makeArchive(path, { folder, machine: crash.machine, architecture, taken, signal })
    if (slim === undefined || rounds === 0) return archive
    return { ...archive, headers: { ...archive.headers, [ROUNDS]: String(rounds) } }
  }
  const first = await make(slim)
  screen.tell(sendingLine(server.address, first.size, whole, { ...options, slim, rounds }))
  if (options.saysYes && slim === undefined && !options.sendsFullCore) {
    throw new ClientFailure('It can only be sent whole, with all memory of the program: say --full-core to do that')
  }
  if (options.saysYes) return first
  const show = () => slim === undefined ? 'the core as it is\n' : showText(slim, crash.machine, architecture)
  const consent = await askPerson(show, { offersFull: slim !== undefined && options.keepsValues, signal })
  if (consent === 'no') return undefined
  return consent === 'slim' ? first : await make(undefined)
}

/** In parts, where the server takes them. */
async function sentTo(
  server: Server,
  archive: Archive,
  { offer, ...tools }: Pick<Tools, 'screen' | 'signal'> & { offer: Offer },
): Promise<Sent> {
  const sent = offer.isResumable ? await sendInParts(server, archive, tools) : undefined
  return sent ?? await send(server, archive, tools)
}

async function written(slim: Slim, { folder, signal }: Tools): Promise<string> {
  const path = join(folder, 'slim-core')
  await pipeline(Readable.from(slim.bytes()), createWriteStream(path, { mode: 0o600 }), { signal })
  return path
}

function slimOf(
  source: ByteSource,
  { budget, keepsArguments, keepsValues }: Options,
  screen: Screen,
): Slim | undefined {
  try {
    return slimCore(source, { budget, keepsArguments, keepsValues, maker: `retrace ${clientVersion()}` })
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    screen.tell(`It can only be sent whole: ${error.message}`)
    return undefined
  }
}

function opened(path: string): ReturnType<typeof fileSource> {
  try {
    return fileSource(path)
  } catch (cause) {
    throw new ClientFailure(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function named({ what, isLast }: { what: string; isLast: boolean }): string {
  return isLast ? 'The last crash' : what === '-' ? 'Standard input' : what
}
