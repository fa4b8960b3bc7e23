/**
 * Who asks, and by which scheme, when a proxy may stand between: RETRACE_TRUST_PROXY. Only headers of a peer that is
 * named there count; what a stranger says about himself never does.
 */
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { BlockList, isIP } from 'node:net'
import { UsageError } from '../program/program.ts'

export interface ProxyTrust {
  /** Whether `address` (v4-mapped v6 too) is that of a trusted proxy. */
  trusts(address: string | undefined): boolean
}

/** Reads addresses and CIDRs. Throws UsageError naming the setting and the part that is neither. */
export function readProxyTrust(parts: readonly string[]): ProxyTrust {
  const list = new BlockList()
  for (const part of parts) {
    const [address = '', prefix, ...rest] = part.split('/')
    const plain = withoutMapping(address)
    const version = isIP(plain)
    const bits = version === 6 ? 128 : 32
    const given = prefix === undefined ? undefined : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : NaN
    const length = given === undefined ? bits : plain === address ? given : given - 96
    if (version === 0 || rest.length > 0 || !(length >= 0 && length <= bits)) {
      throw new UsageError(`RETRACE_TRUST_PROXY holds '${part}', which must be an address or a CIDR such as 10.0.0.0/8`)
    }
    list.addSubnet(plain, length, version === 6 ? 'ipv6' : 'ipv4')
  }
  return {
    trusts(address) {
      const plain = withoutMapping(address?.split('%', 1)[0] ?? '')
      const version = isIP(plain)
      return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4')
    },
  }
}

/** `::ffff:192.0.2.1`, as a socket that listens on `::` names its IPv4 peers, without its prefix. */
function withoutMapping(address: string): string {
  const match = /^::ffff:([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/i.exec(address)
  return match?.[1] ?? address
}

export interface Hop {
  /** The peer of the socket. */
  address: string | undefined
  encrypted: boolean
  forwardedProto: string | undefined
  forwardedFor: string | undefined
}

/** The last hop of a request, as its socket and its headers tell it. */
export function hopOf(incoming: IncomingMessage | Http2ServerRequest): Hop {
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
export function isSecure(hop: Hop, trust: ProxyTrust): boolean {
  if (hop.forwardedProto === undefined || !trust.trusts(hop.address)) return hop.encrypted
  return hop.forwardedProto.split(',').at(-1)?.trim().toLowerCase() === 'https'
}

/** The caller's address, for the log: the last of X-Forwarded-For that is no trusted proxy itself. */
export function clientAddress(hop: Hop, trust: ProxyTrust): string {
  const path = [...(hop.forwardedFor?.slice(0, 2000).split(',') ?? []).map((part) => part.trim()), hop.address ?? '?']
  while (path.length > 1 && trust.trusts(path.at(-1)) && isIP(path.at(-2) ?? '') !== 0) path.pop()
  return path.at(-1) ?? '?'
}
