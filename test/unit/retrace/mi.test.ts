import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitLines } from '../../../workers/retrace/gdb/lines.ts'
import { MiError, parseRecord, quoteForMi, textOf } from '../../../workers/retrace/gdb/mi.ts'

describe('parseRecord()', () => {
  it('reads a result with its token, tuples and lists', () => {
    const record = parseRecord(
      '12^done,threads=[{id="1",target-id="Thread 0x7f (LWP 5)",frame={level="0",args=[]}}],n="1"',
    )
    expect(record).toEqual({
      kind: 'result',
      token: 12,
      class: 'done',
      results: { threads: [{ id: '1', 'target-id': 'Thread 0x7f (LWP 5)', frame: { level: '0', args: [] } }], n: '1' },
    })
  })

  it('reads lists of results as lists of their values', () => {
    expect(parseRecord('^done,stack=[frame={level="0"},frame={level="1"}]'))
      .toMatchObject({ results: { stack: [{ level: '0' }, { level: '1' }] } })
  })

  it('tells the streams, async records and the prompt apart', () => {
    expect(parseRecord('~"a\\n"')).toEqual({ kind: 'stream', stream: 'console', text: 'a\n' })
    expect(parseRecord('&"warning: x\\n"')).toEqual({ kind: 'stream', stream: 'log', text: 'warning: x\n' })
    expect(parseRecord('=thread-created,id="1"')).toEqual({
      kind: 'async',
      class: 'thread-created',
      results: { id: '1' },
    })
    expect(parseRecord('(gdb) ')).toEqual({ kind: 'prompt' })
  })

  it('reads octal escapes as bytes, which together are UTF-8', () => {
    expect(parseRecord('~"Gr\\303\\274\\303\\237e \\"\\\\\\t"')).toMatchObject({ text: 'Grüße "\\\t' })
    expect(parseRecord('~"\\377"')).toMatchObject({ text: '\ufffd' })
  })

  it.each([
    ['', /record/],
    ['hello', /record/],
    ['^done,a', /equals sign/],
    ['^done,a=', /string, tuple or list/],
    ['^done,a="x', /end of a string/],
    ['^done,a={b="1"', /end of a tuple/],
    ['^done,a=["1"', /end of a list/],
    ['^done,a="1"garbage', /end of the line/],
    ['^', /a name/],
    [`^done,a=${'['.repeat(100)}`, /nested less/],
  ])('refuses %j', (line, reason) => {
    expect(() => parseRecord(line)).toThrow(reason)
    expect(() => parseRecord(line)).toThrow(MiError)
  })

  it('refuses more values than can be kept', () => {
    expect(() => parseRecord(`^done,a=[${'"",'.repeat(200_001)}""]`)).toThrow(MiError)
  })

  it('parseRecord() takes __proto__ and constructor for names like others', () => {
    const record = parseRecord('^done,__proto__={polluted="1"},constructor="x"')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(record).toMatchObject({ kind: 'result', results: { constructor: 'x' } })
  })

  it('gives a record or an MiError for every line', () => {
    const line = fc.string({ unit: fc.constantFrom(...'^~&=*(){}[],"\\0a1 '), maxLength: 60 })
    fc.assert(
      fc.property(line, (text) => {
        try {
          expect(parseRecord(text)).toHaveProperty('kind')
        } catch (error) {
          expect(error).toBeInstanceOf(MiError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('reads back what quoteForMi() wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(parseRecord(`~${quoteForMi(text)}`)).toMatchObject({ text })
      }),
      { numRuns: 1000 },
    )
  })

  it('gives text only where there is one', () => {
    expect([textOf('a'), textOf([]), textOf(undefined)]).toEqual(['a', undefined, undefined])
  })
})

describe('splitLines()', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,9}$/)), fc.integer({ min: 1, max: 7 }), (lines, size) => {
        const got: string[] = []
        const feed = splitLines({
          maxBytes: 100,
          onLine: (line) => got.push(Buffer.from(line).toString()),
          onOverflow: () => got.push('overflow'),
        })
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        for (let at = 0; at < bytes.length; at += size) feed(bytes.subarray(at, at + size))
        expect(got).toEqual(lines)
      }),
      { numRuns: 1000 },
    )
  })

  it('says when a line is too long', () => {
    let overflows = 0
    const feed = splitLines({ maxBytes: 10, onLine: () => undefined, onOverflow: () => overflows++ })
    feed(Buffer.from('0123456789a'))
    expect(overflows).toBe(1)
  })

  it('holds a line that comes byte by byte in little more than its bytes', () => {
    const lines: number[] = []
    const feed = splitLines({
      maxBytes: 1 << 22,
      onLine: (line) => lines.push(line.length),
      onOverflow: () => undefined,
    })
    const byte = () => new Uint8Array([120])
    const held = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    const before = held()
    let most = 0
    for (let at = 0; at < 1 << 20; at++) {
      feed(byte())
      if (at % 65_536 === 0) most = Math.max(most, held() - before)
    }
    feed(Buffer.from('\n'))
    expect(lines).toEqual([1 << 20])
    expect(most).toBeLessThan(100 * 2 ** 20)
  })
})
