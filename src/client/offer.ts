/**
 * What the server takes, as GET /settings says: in JSON where it is a server of ours, else in the six lines that the design's
 * clients know (docs/http.md, 'For the ABRT client'). Nothing in it is believed further than that.
 */
import { MIB } from '../units/bytes.ts'
import type { Server } from './server.ts'

export interface Offer {
  /** Content types of an upload; undefined: it does not say. */
  readonly types: ReadonlySet<string> | undefined
  /** It knows from a slim core's note what was left out; another server would take that for zeros. */
  readonly takesSlim: boolean
  /** It shows no value of a core of which all were zeroed. */
  readonly knowsKeptBack: boolean
  /** How often it asks for memory that a slim core lacks. */
  readonly rounds: number
  /** An upload may come in parts. */
  readonly isResumable: boolean
}

/** A server gets no more of a core than that many times 1 MiB, whatever it says. */
export const MAX_ROUNDS = 3
/** Of the draft 'Resumable Uploads for HTTP': what this client speaks. */
export const INTEROP_VERSION = 8

export async function offerOf(server: Server, signal: AbortSignal): Promise<Offer> {
  const answer = await server.ask('/settings', { headers: { Accept: 'application/json, text/plain;q=0.5' }, signal })
  const text = await answer.text(MIB)
  return answer.status === 200 ? readOffer(text, answer.header('Content-Type') ?? '') : readOffer('', '')
}

/** Whatever it is, it is an offer: of an old server's kind where it makes no sense. Pure. */
export function readOffer(text: string, type: string): Offer {
  if (!type.startsWith('application/json')) {
    const line = /^supported_formats (.*)$/m.exec(text)?.[1]
    return {
      types: line === undefined ? undefined : new Set(line.split(' ')),
      takesSlim: false,
      knowsKeptBack: false,
      rounds: 0,
      isResumable: false,
    }
  }
  const { supported_formats: types, slim_cores: slim, kept_back: keptBack, more_memory: more, resumable } = parsed(text)
  const isList = Array.isArray(types) && types.every((each) => typeof each === 'string')
  return {
    types: isList ? new Set(types) : undefined,
    takesSlim: slim === true,
    knowsKeptBack: keptBack === true,
    rounds: roundsOf(more),
    isResumable: typeof resumable === 'object' && resumable !== null && 'interop_version' in resumable &&
      resumable.interop_version === INTEROP_VERSION,
  }
}

/** What an old server lacks, as a sentence; undefined: nothing. Pure. */
export function lackOf({ takesSlim, isResumable }: Offer): string | undefined {
  if (takesSlim && isResumable) return undefined
  const lacks = [
    ...(takesSlim ? [] : ['takes whole cores only, and not the small part that a backtrace needs']),
    ...(isResumable ? [] : ['cannot go on with an upload whose connection broke']),
  ]
  return `The server is an older one: it ${lacks.join('; it ')}`
}

function roundsOf(more: unknown): number {
  if (typeof more !== 'object' || more === null || !('max_rounds' in more)) return 0
  return Number.isInteger(more.max_rounds) ? Math.min(MAX_ROUNDS, Math.max(0, Number(more.max_rounds))) : 0
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
