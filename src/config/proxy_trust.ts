/**
 * RETRACE_TRUST_PROXY: the addresses whose word on a request counts. Only headers of a peer that is named there do; what
 * a stranger says about himself never does.
 */
import { BlockList, isIP } from 'node:net'
import { UsageError } from '../errors/usage_error.ts'

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
