/**
 * Addresses that only this machine or its own network knows: loopback, link-local, private, shared and unspecified ones, and
 * what is sent to many. A stranger's server must not point at them (RFC 6890 has the list). Pure.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

const INNER = new BlockList()
for (
  const [network, prefix] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ] as const
) INNER.addSubnet(network, prefix, 'ipv4')
for (
  const [network, prefix] of [
    // Unspecified, loopback, and IPv4 as it was once written.
    ['::', 96],
    ['64:ff9b:1::', 48],
    ['fc00::', 7],
    ['fe80::', 10],
    ['fec0::', 10],
    ['ff00::', 8],
  ] as const
) INNER.addSubnet(network, prefix, 'ipv6')

/** Prefixes behind which an IPv4 address stands, and at which of the eight groups. */
const EMBEDDING = [[/^0:0:0:0:0:ffff:/, 6], [/^64:ff9b:0:0:0:0:/, 6], [/^2002:/, 1]] as const

/** Whether an address, with or without brackets and zone, is one of those; what is no address is none. */
export function isInner(address: string): boolean {
  const [plain = ''] = address.replace(/^\[|\]$/g, '').split('%', 1)
  if (isIPv4(plain)) return INNER.check(plain, 'ipv4')
  if (!isIPv6(plain)) return false
  const groups = groupsOf(plain)
  const text = groups.map((group) => group.toString(16)).join(':')
  for (const [prefix, at] of EMBEDDING) {
    if (!prefix.test(text)) continue
    const [high = 0, low = 0] = groups.slice(at)
    return INNER.check([high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'), 'ipv4')
  }
  return INNER.check(plain, 'ipv6')
}

/** The eight numbers of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const parse = (part: string) => part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))
  const [before, after] = [parse(head), parse(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}
