/** What a stranger's twin can do to who asks it. */
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { twinsFor } from '../../../workers/retrace/gdb/session.ts'
import { Twin } from '../../../workers/retrace/gdb/twin.ts'

const read = (line: Uint8Array) => line.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(line)) as unknown

it('is read no more once it has ended, whatever it says', async () => {
  const channel = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  let ends = 0
  const twin = new Twin(channel, { messageBytes: 100, read, onEnd: () => ends++ })
  const answer = twin.ask('backtraces', [], 20_000)
  channel.push('{"told":1}\n\n{"told":2}\n')
  expect(await answer).toMatchObject({ kind: 'ended', end: { kind: 'garbled' }, data: [{ told: 1 }] })
  expect(channel.destroyed).toBe(true)
  expect(await twin.ask('backtraces', [], 20_000)).toMatchObject({ kind: 'ended', end: { kind: 'garbled' } })
  expect(ends).toBe(1)
})

it('is made as far as half of the limit of memory holds it with its original', () => {
  expect([60, 128, 129, 170, 171, 256].map((held) => twinsFor(held, 1024))).toEqual([7, 3, 2, 2, 1, 1])
  expect([twinsFor(256, 1023), twinsFor(257, 4096), twinsFor(Infinity, 4096)]).toEqual([0, 0, 0])
})
