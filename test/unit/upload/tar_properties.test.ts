import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetraceError } from '../../../src/errors/errors.ts'
import { ByteReader } from '../../../src/upload/byte_reader.ts'
import { gunzip } from '../../../src/upload/gzip.ts'
import { Turns } from '../../../src/stream/turns.ts'
import { Overhead } from '../../../src/upload/overhead.ts'
import { applyPax, paxRecords, type PaxValues } from '../../../src/upload/pax.ts'
import { parseCommaMap } from '../../../src/upload/sparse_map.ts'
import { readTar } from '../../../src/upload/tar.ts'
import { parseNumber } from '../../../src/upload/tar_header.ts'
import { inPieces, makeMember, makeTar, pack, paxHeader, paxRecord } from '../../helpers/archives.ts'
import { property, propertyOf } from '../../helpers/properties.ts'

interface Read {
  name: string
  kind: string
  content: Buffer
}

/** Everything that readTar() finds, put together as a file would be. */
async function readAll(bytes: Uint8Array, pieces: number): Promise<Read[]> {
  const found: Read[] = []
  for await (const member of readTar(new ByteReader(inPieces(bytes, pieces)))) {
    expect(member.size).toBeGreaterThanOrEqual(0)
    const content = Buffer.alloc(Math.min(member.size, 100_000))
    for await (const { chunk, position } of member.extents()) {
      expect(position + chunk.length).toBeLessThanOrEqual(member.size)
      content.set(chunk.subarray(0, Math.max(0, content.length - position)), Math.min(position, content.length))
    }
    found.push({ name: member.name, kind: member.kind, content })
  }
  return found
}

const shortName = fc.stringMatching(/^[a-z._-]{1,60}[a-z]$/)
const longName = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }).filter((name) =>
  !/[\0/\ufffd]/.test(name)
)
const content = fc.uint8Array({ maxLength: 1500 })
const pieces = fc.integer({ min: 1, max: 2000 })

describe('readTar()', () => {
  it('finds every member with its content, however the names are written and the stream is cut', async () => {
    const member = fc.record({
      short: shortName,
      long: longName,
      content,
      form: fc.constantFrom('short', 'pax', 'gnu', 'size'),
    })
    await propertyOf(
      fc.record({ members: fc.array(member, { maxLength: 4 }), pieces }),
      async ({ members, pieces }) => {
        const made = members.flatMap(({ short, long, content, form }) => {
          switch (form) {
            case 'pax':
              return [paxHeader([['path', long], ['mtime', '1']]), { name: short, content }]
            case 'gnu':
              return [{ name: '././@LongLink', type: 'L', content: `${long}\0` }, { name: short, content }]
            case 'size':
              return [paxHeader([['size', String(content.length)]]), { name: short, content, size: 7 }]
            default:
              return [{ name: short, content }]
          }
        })
        const expected = members.map(({ short, long, content, form }) => ({
          name: form === 'pax' || form === 'gnu' ? long : short,
          kind: 'file',
          content: Buffer.from(content),
        }))
        const tar = makeTar(made)
        if (tar.length > 1024) expect(await readAll(tar, pieces)).toEqual(expected)
        else await expect(readAll(Buffer.alloc(0), pieces)).rejects.toThrow('empty')
      },
    )
  })

  it('ends with what it found or with bad-stream, whatever is changed in an archive', async () => {
    const base = makeTar([
      paxHeader([['path', 'coredump'], ['GNU.sparse.size', '9000'], ['GNU.sparse.map', '0,512,4096,512']]),
      { name: 'x', content: Buffer.alloc(1024, 'x') },
      paxHeader([['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.realsize', '5000']]),
      { name: 'y', content: Buffer.concat([Buffer.from('1\n512\n3\n'), Buffer.alloc(504), Buffer.from('abc')]) },
      { name: '././@LongLink', type: 'L', content: 'name\0' },
      { name: 'z', content: 'z' },
    ])
    const change = fc.record({ at: fc.nat(base.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) })
    const arbitrary = fc.record({ changes: fc.array(change, { maxLength: 4 }), end: fc.nat(base.length), pieces })
    await propertyOf(arbitrary, async ({ changes, end, pieces }) => {
      const bytes = Buffer.from(base)
      for (const { at, bytes: with_ } of changes) bytes.set(with_.subarray(0, bytes.length - at), at)
      try {
        expect((await readAll(bytes.subarray(0, end || base.length), pieces)).length).toBeLessThanOrEqual(4)
      } catch (error) {
        expect(error).toBeInstanceOf(RetraceError)
        expect((error as RetraceError).code).toBe('bad-stream')
      }
    })
  })

  it('reads headers with any bytes in them, their sum right, or says bad-stream', async () => {
    const patch = fc.record({ offset: fc.nat(500), bytes: fc.uint8Array({ maxLength: 12 }) })
    await propertyOf(fc.record({ patch, content, pieces }), async ({ patch, content, pieces }) => {
      const member = makeMember({ name: 'coredump', content, patch })
      try {
        expect((await readAll(Buffer.concat([member, Buffer.alloc(1024)]), pieces)).length).toBeLessThanOrEqual(4)
      } catch (error) {
        expect((error as RetraceError).code).toBe('bad-stream')
      }
    })
  })
})

describe('paxRecords()', () => {
  it('gives back keys and values of any bytes', () => {
    const key = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }).filter((key) => !key.includes('='))
    const record = fc.tuple(key, fc.string({ unit: 'grapheme', maxLength: 300 }))
    property(fc.array(record, { maxLength: 6 }), (records) => {
      const bytes = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''))
      const read = [...paxRecords(bytes)].map(({ key, value }) => [key, Buffer.from(value).toString()])
      expect(read).toEqual(records)
    })
  })

  it('says bad-stream, or ends, for any bytes', async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.stringMatching(/^[0-9 =a-z\n]{0,60}$/).map(Buffer.from),
    )
    await propertyOf(noise, async (bytes) => {
      const values: PaxValues = {}
      try {
        await applyPax(values, bytes, { overhead: new Overhead(), turns: new Turns() })
        expect(Object.values(values).every((value) => value !== null)).toBe(true)
      } catch (error) {
        expect((error as RetraceError).code).toBe('bad-stream')
      }
    })
  })
})

describe('parseNumber()', () => {
  it('reads octal and base-256 alike, up to what a number can hold', () => {
    property(fc.bigInt({ min: 0n, max: 2n ** 95n - 1n }), (value) => {
      const expected = value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
      const hex = value.toString(16).padStart(24, '0')
      const binary = Buffer.from(hex, 'hex')
      if (value < 2n ** 94n) {
        binary[0]! |= 0x80
        expect(parseNumber(binary)).toBe(expected)
      }
      if (value < 8n ** 11n) {
        const digits = value.toString(8)
        expect(parseNumber(Buffer.from(`${digits.padStart(11, '0')}\0`))).toBe(expected)
        expect(parseNumber(Buffer.from(`${digits.padStart(11)} `))).toBe(expected)
        expect(parseNumber(Buffer.from(digits.padStart(12, '0')))).toBe(expected)
      }
    })
  })
})

describe('parseCommaMap()', () => {
  it('gives back every part that runs forwards, and says bad-stream for the others', async () => {
    const part = fc.record({ gap: fc.nat(10_000), length: fc.nat(10_000) })
    const maps = fc.record({ parts: fc.array(part, { maxLength: 40 }), back: fc.boolean() })
    await propertyOf(maps, async ({ parts, back }) => {
      let end = 0
      const expected = parts.map(({ gap, length }) => {
        const offset = end + gap
        end = offset + length
        return { offset, length }
      })
      if (back && end > 0) {
        const numbers = [...expected, { offset: end - 1, length: 0 }].flatMap(({ offset, length }) => [offset, length])
        await expect(parseCommaMap(numbers.join(','), new Turns())).rejects.toThrow('sparse')
      } else {
        const text = expected.flatMap(({ offset, length }) => [offset, length]).join(',')
        const map = await parseCommaMap(text, new Turns())
        expect([...map.parts()]).toEqual(expected)
        expect(map.end).toBe(end)
      }
    })
  })
})

describe('gunzip()', () => {
  it('gives back what was packed, in any number of members, however the stream is cut', async () => {
    const packed = new Map<string, Buffer>()
    const pool = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(100_000), Buffer.from('text '.repeat(999))]
    for (const [index, bytes] of pool.entries()) packed.set(String(index), pack('gzip', bytes))
    const choice = fc.array(fc.nat(pool.length - 1), { minLength: 1, maxLength: 4 })
    await propertyOf(fc.record({ choice, pieces, padding: fc.nat(600) }), async ({ choice, pieces, padding }) => {
      const body = Buffer.concat([...choice.map((index) => packed.get(String(index))!), Buffer.alloc(padding)])
      const chunks: Uint8Array[] = []
      for await (const chunk of gunzip(new ByteReader(inPieces(body, pieces)))) chunks.push(chunk)
      expect(Buffer.concat(chunks).equals(Buffer.concat(choice.map((index) => pool[index]!)))).toBe(true)
    })
  })
})
