import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { freePort } from '../../helpers/free_port.ts'

const [least = 0, most = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number)

// As Linux has it, unless an administrator wanted more.
it.runIf(least >= 32_768)('gives tests no port that the system may give to somebody else meanwhile', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  expect(ports.filter((port) => port >= least && port <= most)).toEqual([])
  expect(ports.filter((port) => port < 1024)).toEqual([])
})
