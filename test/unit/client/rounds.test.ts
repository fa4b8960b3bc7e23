/** What is sent in further rounds of a core that cannot be read any more. The server is scripted. */
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { sendWanted } from '../../../src/client/rounds.ts'
import type { Screen } from '../../../src/client/screen.ts'
import type { Ask, Server } from '../../../src/client/server.ts'
import { ElfError } from '../../../src/elf/error.ts'
import type { Slim } from '../../../src/slim/slim.ts'

/** Bodies of what was sent, and lines that were told, where `more` is asked of the core. */
async function sent(more: Slim['more']): Promise<{ bodies: number[]; told: string[] }> {
  const [bodies, told]: [number[], string[]] = [[], []]
  const wanted = { round: 1, rounds: 3, ranges: [{ start: '0x1000', length: 512 }], within: [] }
  const answer = (status: number, text: string) => ({ status, headers: {}, text: () => Promise.resolve(text) })
  const server = {
    address: 'https://server',
    async ask(_path: string, { method, body }: Ask) {
      if (method !== 'POST') return answer(200, JSON.stringify({ state: 'PENDING', wanted }))
      const chunks = await body?.toArray() as Uint8Array[]
      bodies.push(Buffer.concat(chunks).length)
      return answer(202, '')
    },
  } as unknown as Server
  const screen = { tell: (line: string) => void told.push(line), now: () => undefined } as unknown as Screen
  const task = { id: '1', password: 'x' }
  const signal = AbortSignal.timeout(20_000)
  await sendWanted(server, task, { more } as Slim, { rounds: 1, screen, signal })
  return { bodies, told }
}

it('sends what the core has of it', async () => {
  expect(await sent(() => [{ start: 0x1000, bytes: new Uint8Array(512) }])).toEqual({ bodies: [524], told: [] })
})

it('says why no more is sent of a core that became shorter, or whose disk fails, and lets the task end at once', async () => {
  const shorter = () => {
    throw new ElfError('truncated', 'The core became shorter while it was read')
  }
  expect(await sent(shorter)).toEqual({
    bodies: [0],
    told: ['No more of the core is sent: The core became shorter while it was read'],
  })
  const broken = () => {
    throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, path: '/core' })
  }
  expect(await sent(broken)).toEqual({
    bodies: [0],
    told: ['No more of the core is sent: /core cannot be used (EIO)'],
  })
})

it('ends with a sentence over what is a fault of ours', async () => {
  const fault = () => {
    throw new RangeError('Invalid array length')
  }
  expect(await sent(fault)).toEqual({ bodies: [], told: ['No more of the core is sent: Invalid array length'] })
})
