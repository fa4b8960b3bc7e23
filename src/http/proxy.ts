/**
 * Who asks, and by which scheme, when a proxy may stand between: RETRACE_TRUST_PROXY. Only headers of a peer that is
 * named there count; what a stranger says about himself never does.
 */
import { isIP } from 'node:net'
import type { TrustedProxies } from '../config/trusted_proxies.ts'
import type { Incoming } from './incoming.ts'

/** Characters of X-Forwarded-For that are looked at. */
const MAX_FORWARDED = 2000

export interface Hop {
  /** The peer of the socket. */
  address: string | undefined
  encrypted: boolean
  forwardedProto: string | undefined
  forwardedFor: string | undefined
}

/** The last hop of a request, as its socket and its headers tell it. */
export function hopOf(incoming: Incoming): Hop {
  const { socket, headers } = incoming
  return {
    address: socket.remoteAddress,
    encrypted: 'encrypted' in socket && socket.encrypted === true,
    forwardedProto: headers['x-forwarded-proto']?.toString(),
    forwardedFor: headers['x-forwarded-for']?.toString(),
  }
}

/**
 * Whether the caller's own connection is HTTPS: the socket's, or what a trusted proxy says about the one it took. Of
 * several values the last counts: it is the one that the nearest proxy wrote.
 */
export function isSecure(hop: Hop, trust: TrustedProxies): boolean {
  if (hop.forwardedProto === undefined || !trust.trusts(hop.address)) return hop.encrypted
  return hop.forwardedProto.split(',').at(-1)?.trim().toLowerCase() === 'https'
}

/** The caller's address, for the log: the last of X-Forwarded-For that is no trusted proxy itself. */
export function clientAddress(hop: Hop, trust: TrustedProxies): string {
  const path = [...lastOf(hop.forwardedFor ?? ''), hop.address ?? '?']
  while (path.length > 1 && trust.trusts(path.at(-1)) && isIP(path.at(-2) ?? '') !== 0) path.pop()
  return path.at(-1) ?? '?'
}

/** What proxies wrote stands at the end: a client that sends a long list of its own does not push that out. */
function lastOf(forwardedFor: string): string[] {
  const isCut = forwardedFor.length > MAX_FORWARDED
  const parts = forwardedFor.slice(-MAX_FORWARDED).split(',').map((part) => part.trim())
  return isCut ? parts.slice(1) : parts
}
