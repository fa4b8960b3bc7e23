/**
 * An address into a file, verified: counted, hashed as it arrives, resumed where it broke, tried again with back-off.
 * The partial file is one of the caller's choosing, and is removed when what arrived is not what was promised. Errors
 * are a byte more than announced, a wrong size or checksum, silence, and a trickle.
 */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf, isOfMachine } from '../../errors/errno.ts'
import { CHECKSUM_KINDS, type ChecksumKind } from '../format/checksums.ts'
import type { Downloaded, DownloadRequest } from '../format/sync_context.ts'
import { FetchError } from '../format/error.ts'
import { asFetchError } from '../format/program_failure.ts'
import type { Bandwidth } from './bandwidth.ts'
import type { Answer } from './answer.ts'
import { TRANSFER_LIMITS, type TransferLimits } from './limits.ts'
import { abortError, shown } from './refusal.ts'
import { openAddress } from './request.ts'
import type { Transport } from './transport.ts'
import { watchTransfer } from './watch.ts'
import { MIB } from '../../units/bytes.ts'
import { count } from '../../text/count.ts'

const ATTEMPTS = 4
const BACK_OFF_MS = 250
const CHUNK = MIB

/** What a server gave with a file, to ask later whether it has changed (RFC 9110, chapter 8.8). */
export interface Validator {
  etag?: string
  lastModified?: string
}

export interface DownloadOptions extends DownloadRequest {
  signal: AbortSignal
  transport: Transport
  limits?: TransferLimits
  /** All downloads that share it stay below its rate together. */
  bandwidth?: Bandwidth
  /** Of what is here already: nothing is downloaded when it still holds. */
  validator?: Validator
  onBytes?: (count: number) => void
}

export interface Received extends Downloaded {
  /** The server says that what the validator came with still holds; nothing was received. */
  isUnchanged: boolean
  validator: Validator
}

/** Downloads and verifies; throws FetchError, and leaves a partial file only where a later try can go on with it. */
export async function download(address: string, options: DownloadOptions): Promise<Received> {
  for (let attempt = 1;; attempt++) {
    try {
      return await downloadOnce(address, options)
    } catch (error) {
      const isWorthAnother = error instanceof FetchError && error.again && attempt < ATTEMPTS
      if (!isWorthAnother || options.signal.aborted) throw error
    }
    // Given up while it waits: the next try says so.
    const wait = BACK_OFF_MS * 2 ** (attempt - 1) * (0.5 + Math.random())
    await sleep(wait, undefined, { signal: options.signal }).catch(() => undefined)
  }
}

async function downloadOnce(address: string, options: DownloadOptions): Promise<Received> {
  const file = await open(options.file, options.checksums === undefined ? 'w+' : 'a+', 0o600)
  try {
    const begun = await hashBeginning(file, options)
    const found = begun.size
    if (found > 0 && found === options.size) return { ...await judge(address, begun, { options, found }), ...FRESH }
    const { signal, transport, limits = limitsOf(options) } = options
    const conditions = conditionsOf(options.validator)
    const answer = await openAddress(address, { signal, transport, limits, from: begun.size, headers: conditions })
    const validator = validatorOf(answer)
    if (answer.status === 304) {
      answer.body.destroy()
      if (Object.keys(conditions).length > 0) return { size: 0, sha256: '', isUnchanged: true, validator }
      throw new FetchError('refused', `${shown(new URL(address))} answered 304 to a request without a condition`)
    }
    const state = answer.offset === begun.size ? begun : newState(options)
    if (state.size === 0) await file.truncate(0)
    try {
      await receive(address, answer, { file, state, options, limits })
      const judged = await judge(address, state, { options, found: state === begun ? found : 0 })
      return { ...judged, isUnchanged: false, validator }
    } catch (error) {
      throw answer.isHtml ? withPage(error) : error
    }
  } finally {
    await file.close()
  }
}

/** Networks that ask to log in answer everything with a page. */
function withPage(error: unknown): unknown {
  if (!(error instanceof FetchError) || !['malformed', 'unreachable'].includes(error.kind)) return error
  const message = `${error.message}; what came is a page of HTML: does the network ask to log in?`
  return new FetchError(error.kind, message, { cause: error, again: error.again })
}

const FRESH = { isUnchanged: false, validator: {} }

/** The usual limits, with the time that the repository's own connection gives its hosts. */
function limitsOf({ transport }: DownloadOptions): TransferLimits {
  const { timeoutMs } = transport.connection
  return timeoutMs === undefined ? TRANSFER_LIMITS : { ...TRANSFER_LIMITS, answerMs: timeoutMs, idleMs: timeoutMs }
}

function conditionsOf(validator: Validator | undefined): Record<string, string> {
  return {
    ...(validator?.etag === undefined ? {} : { 'If-None-Match': validator.etag }),
    ...(validator?.lastModified === undefined ? {} : { 'If-Modified-Since': validator.lastModified }),
  }
}

function validatorOf({ etag, lastModified }: Answer): Validator {
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}

interface State {
  size: number
  hashes: Map<ChecksumKind, Hash>
}

/** SHA256 is always told to who asks for a file, the others only where they are compared. */
function newState({ checksums = {} }: DownloadOptions): State {
  const kinds = CHECKSUM_KINDS.filter((kind) => kind === 'sha256' || checksums[kind] !== undefined)
  return { size: 0, hashes: new Map(kinds.map((kind) => [kind, createHash(kind)])) }
}

function update({ hashes }: State, bytes: Uint8Array): void {
  for (const hash of hashes.values()) hash.update(bytes)
}

/** The hash of what an earlier try left; nothing when it is longer than the file can be. */
async function hashBeginning(file: FileHandle, options: DownloadOptions): Promise<State> {
  const state = newState(options)
  const { size } = await file.stat()
  if (size === 0) return state
  if (options.size === undefined || size > options.size) {
    await file.truncate(0)
    return state
  }
  const buffer = new Uint8Array(CHUNK)
  while (state.size < size) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - state.size), state.size)
    if (bytesRead === 0) break
    update(state, buffer.subarray(0, bytesRead))
    state.size += bytesRead
  }
  return state
}

interface Receiving {
  file: FileHandle
  state: State
  options: DownloadOptions
  limits: TransferLimits
}

async function receive(address: string, answer: Answer, { file, state, options, limits }: Receiving): Promise<void> {
  const allowed = options.size ?? options.maxSize ?? Number.MAX_SAFE_INTEGER
  const where = shown(new URL(address))
  if (answer.length !== undefined && state.size + answer.length > allowed) {
    answer.body.destroy()
    throw new FetchError(
      'malformed',
      `${where} announces ${count(answer.length, 'byte')} where at most ${allowed} can be`,
    )
  }
  const watch = watchTransfer(answer, { where, limits, signal: options.signal })
  const begun = state.size
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      watch.count(chunk.length)
      if (state.size + chunk.length > allowed) {
        throw new FetchError('malformed', `${where} sends more than the ${count(allowed, 'byte')} that it can have`)
      }
      update(state, chunk)
      state.size += chunk.length
      // The file is opened for appending, and truncated where the beginning does not count.
      await file.appendFile(chunk)
      options.onBytes?.(chunk.length)
      if (options.bandwidth !== undefined) {
        await watch.unwatched(options.bandwidth.take(chunk.length, options.signal))
      }
    }
  } catch (error) {
    if (error instanceof FetchError) throw error
    if (watch.reason() !== undefined) throw watch.reason()
    if (options.signal.aborted) throw abortError(options.signal)
    if (errnoOf(error) === 'ENOSPC') {
      throw new FetchError('no-space', `There is no space left to keep ${where}`, { cause: error })
    }
    if (isOfMachine(error)) throw asFetchError(error)
    throw new FetchError('unreachable', `${where} broke off after ${count(state.size, 'byte')}`, {
      cause: error,
      again: true,
    })
  } finally {
    watch.stop()
  }
  // All came that was announced, and it is not enough: another try would end the same.
  if (options.size !== undefined && state.size < options.size && state.size - begun === answer.length) {
    throw new FetchError('malformed', `${where} is shorter than the ${count(options.size, 'byte')} of the signed index`)
  }
}

/** `found`: bytes that an earlier try left. They may be what is wrong, so it is worth another without them. */
async function judge(
  address: string,
  { size, hashes }: State,
  { options, found }: { options: DownloadOptions; found: number },
): Promise<Downloaded> {
  const where = shown(new URL(address))
  if (options.size !== undefined && size < options.size) {
    throw new FetchError('unreachable', `${where} ended after ${size} of ${count(options.size, 'byte')}`, {
      again: true,
    })
  }
  const found256 = hashes.get('sha256')?.digest('hex') ?? ''
  for (const kind of CHECKSUM_KINDS) {
    const expected = options.checksums?.[kind]
    const here = kind === 'sha256' ? found256 : hashes.get(kind)?.digest('hex')
    if (expected === undefined || here === expected) continue
    await rm(options.file, { force: true })
    throw new FetchError(
      'malformed',
      `${where} has the ${kind.toUpperCase()} ${here}, but the signed index says ${expected}: refused`,
      { again: found > 0 },
    )
  }
  return { size, sha256: found256 }
}
