/**
 * RETRACE_TRUST_PROXY: the addresses whose word on a request counts. Only headers of a peer that is named there do;
 * what a stranger says about himself never does.
 */
import { BlockList, isIP } from 'node:net'

/** A list of addresses and CIDRs that has been read. */
export class TrustedProxies {
  /** As they were written; empty: no proxy is trusted. */
  readonly parts: readonly string[]
  readonly #list = new BlockList()

  /** Throws TypeError naming the part that is neither an address nor a CIDR. */
  constructor(parts: readonly string[]) {
    this.parts = parts
    for (const part of parts) {
      const subnet = readSubnet(part)
      if (subnet === undefined) throw new TypeError(`'${part}' is neither an address nor a CIDR`)
      this.#list.addSubnet(subnet.address, subnet.length, subnet.version === 6 ? 'ipv6' : 'ipv4')
    }
  }

  /** Whether `address` (v4-mapped v6 too) is that of a trusted proxy. */
  trusts(address: string | undefined): boolean {
    const plain = withoutMapping(address?.split('%', 1)[0] ?? '')
    const version = isIP(plain)
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An address, or a CIDR; of a v4-mapped one what it means for IPv4. */
function readSubnet(part: string): { address: string; length: number; version: number } | undefined {
  const [written = '', prefix, ...rest] = part.split('/')
  const address = withoutMapping(written)
  const version = isIP(address)
  const bits = version === 6 ? 128 : 32
  const given = prefix === undefined ? undefined : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : NaN
  const length = given === undefined ? bits : address === written ? given : given - 96
  const isSubnet = version !== 0 && rest.length === 0 && length >= 0 && length <= bits
  return isSubnet ? { address, length, version } : undefined
}

/** `::ffff:192.0.2.1`, as a socket that listens on `::` names its IPv4 peers, without its prefix. */
function withoutMapping(address: string): string {
  const match = /^::ffff:([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/i.exec(address)
  return match?.[1] ?? address
}
