import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetraceError } from '../../../src/errors/errors.ts'
import { checkHeaders, CONTENT_TYPES } from '../../../src/upload/headers.ts'
import { property } from '../../helpers/properties.ts'

const config = { maxPackedMb: 50, roundWaitS: 60 }
const MIB = 1024 * 1024

function check(headers: Record<string, string>) {
  return checkHeaders(new Headers(headers), config)
}

function refusal(headers: Record<string, string>): RetraceError {
  try {
    check(headers)
  } catch (error) {
    if (error instanceof RetraceError) return error
    throw error
  }
  throw new Error('The headers were not refused')
}

describe('checkHeaders()', () => {
  it.each([
    ['application/x-tar', 'design', 'none'],
    ['application/x-gzip', 'design', 'gzip'],
    ['application/gzip', 'design', 'gzip'],
    ['application/x-xz', 'design', 'xz'],
    ['application/zstd', 'design', 'zstd'],
    ['application/x-xz-compressed-tar', 'abrt', 'xz'],
    ['application/x-compressed-tar', 'abrt', 'gzip'],
  ])('takes %s for a tar with the manifest %s', (type, manifest, encoding) => {
    expect(check({ 'content-type': type, 'content-length': '7' }))
      .toEqual({ manifest, packaging: 'tar', encoding, contentLength: 7 })
  })

  it.each(['application/x-tar', 'application/x-gzip', 'application/x-xz', 'application/zstd'])(
    'takes %s with X-Task-Type 0 for the ABRT manifest',
    (type) => {
      expect(check({ 'content-type': type, 'content-length': '7', 'x-task-type': '0' }).manifest).toBe('abrt')
    },
  )

  it.each([['gzip', 'gzip'], ['xz', 'xz'], ['zstd', 'zstd'], ['XZ', 'xz'], ['x-gzip', 'gzip']])(
    'takes a core with Content-Encoding %s',
    (coding, encoding) => {
      for (const type of ['application/x-core', 'application/octet-stream']) {
        expect(check({ 'content-type': type, 'content-encoding': coding, 'content-length': '7' }))
          .toEqual({ manifest: 'bare', packaging: 'core', encoding, contentLength: 7 })
      }
    },
  )

  it('ignores parameters and case of the Content-Type', () => {
    expect(check({ 'content-type': ' Application/X-XZ ; charset=binary', 'content-length': '1' }).encoding).toBe('xz')
  })

  it('takes at most three rounds of further memory, and none from what is no number', () => {
    const rounds = (text: string) =>
      check({ 'content-type': 'application/x-core', 'content-length': '7', 'x-task-rounds': text }).rounds
    expect(['1', ' 2 ', '3', '4', '999', '1000', '9'.repeat(400)].map(rounds)).toEqual([1, 2, 3, 3, 3, 3, 3])
    const none = ['', '0', '000', '-1', '+1', '1.5', '0x3', '3, 3', 'many']
    expect(none.map(rounds).filter((each) => each !== undefined)).toEqual([])
  })

  it('ignores X-Task-Type on a core', () => {
    expect(check({ 'content-type': 'application/x-core', 'x-task-type': '99', 'content-length': '1' }).manifest).toBe(
      'bare',
    )
  })

  it.each([{}, { 'content-type': 'text/plain' }, { 'content-type': '' }, { 'content-type': 'toString' }])(
    'answers 415 with the list and a command that works for %o',
    (headers) => {
      const error = refusal({ ...headers, 'content-length': '1' } as Record<string, string>)
      expect(error.code).toBe('unsupported-media-type')
      for (const type of CONTENT_TYPES) expect(error.message).toContain(type)
      expect(error.message).toContain("curl --data-binary @core.xz -H 'Content-Type: application/x-core'")
      expect(error.message).toContain('coredumpctl dump')
    },
  )

  it('answers 415 to a Content-Encoding on a tar', () => {
    expect(refusal({ 'content-type': 'application/x-xz', 'content-encoding': 'xz' }).code)
      .toBe('unsupported-content-encoding')
  })

  it.each(['br', 'gzip, xz', 'deflate', 'constructor'])('answers 415 to a core with Content-Encoding %s', (coding) => {
    expect(refusal({ 'content-type': 'application/x-core', 'content-encoding': coding }).code)
      .toBe('unsupported-content-encoding')
  })

  it.each(['1', '', '00', 'vmcore'])('answers 400 to X-Task-Type %o on a tar and names the known ones', (type) => {
    const error = refusal({ 'content-type': 'application/x-xz', 'x-task-type': type })
    expect(error.code).toBe('unknown-task-type')
    expect(error.message).toContain('known are: 0')
  })

  it('answers 411 without Content-Length, and says how to send a core', () => {
    const error = refusal({ 'content-type': 'application/x-xz' })
    expect(error.code).toBe('length-required')
    expect(error.message).toContain('curl --data-binary')
  })

  it('answers 411 to a chunked body', () => {
    expect(refusal({ 'content-type': 'application/x-xz', 'transfer-encoding': 'chunked' }).code).toBe('length-required')
  })

  it.each(['abc', '-1', '1.5', '0x10', ''])('answers 400 to Content-Length %o', (length) => {
    expect(refusal({ 'content-type': 'application/x-xz', 'content-length': length }).code).toBe('bad-request')
  })

  it('answers 413 and names the limit when Content-Length is above it, and takes the limit itself', () => {
    expect(check({ 'content-type': 'application/x-xz', 'content-length': String(50 * MIB) }).contentLength).toBe(
      50 * MIB,
    )
    const error = refusal({ 'content-type': 'application/x-xz', 'content-length': String(50 * MIB + 1) })
    expect(error.code).toBe('packed-too-large')
    expect(error.limit).toEqual({ setting: 'RETRACE_MAX_PACKED_MB', value: 50, unit: 'MiB' })
    expect(error.message).toContain('50 MB')
    expect(error.message).toContain('RETRACE_MAX_PACKED_MB')
  })

  it('finds the first fault in the order of the contract', () => {
    const wrong = { 'content-type': 'text/html', 'content-encoding': 'br', 'x-task-type': '9', 'content-length': 'x' }
    const order = [
      ['unsupported-media-type', { 'content-type': 'application/x-tar' }],
      ['unsupported-content-encoding', { 'content-encoding': undefined }],
      ['unknown-task-type', { 'x-task-type': '0' }],
      ['bad-request', { 'content-length': undefined }],
      ['length-required', { 'content-length': '99999999999' }],
      ['packed-too-large', {}],
    ] as const
    let headers: Record<string, string | undefined> = wrong
    for (const [code, next] of order) {
      const present = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
      expect(refusal(Object.fromEntries(present)).code).toBe(code)
      headers = { ...headers, ...next }
    }
  })

  it('escapes and cuts what came from the client', () => {
    const error = refusal({ 'content-type': `text/${'x'.repeat(500)}\u0085`, 'content-length': '1' })
    expect(error.message).not.toContain('\u0085')
    expect(error.message).not.toContain('x'.repeat(201))
  })

  it('either plans or refuses with a code of its own, whatever the headers', () => {
    const value = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.constantFrom(...CONTENT_TYPES, 'xz', '0', '10')),
      {
        nil: null,
      },
    )
    property(fc.record({ type: value, coding: value, task: value, length: value, transfer: value }), (given) => {
      const headers: Record<string, string | null> = {
        'content-type': given.type,
        'content-encoding': given.coding,
        'x-task-type': given.task,
        'content-length': given.length,
        'transfer-encoding': given.transfer,
      }
      try {
        const plan = checkHeaders({ get: (name) => headers[name] ?? null }, config)
        expect(Number.isSafeInteger(plan.contentLength) && plan.contentLength <= 50 * MIB).toBe(true)
        expect(given.transfer).toBe(null)
      } catch (error) {
        expect(error).toBeInstanceOf(RetraceError)
      }
    })
  })
})
