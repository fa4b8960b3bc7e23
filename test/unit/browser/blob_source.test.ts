import { describe, expect, it } from 'vitest'
import { blobSource } from '../../../src/browser/blob_source.ts'

/** 200 KB that are told apart at every place. */
const content = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff)

/** What a Blob of a browser gives its worker: slices, read at once. */
const file = {
  size: content.length,
  slice: (start: number, end: number) => content.slice(start, end),
} as unknown as Blob
const reader = { readAsArrayBuffer: (slice: Blob) => (slice as unknown as Uint8Array).buffer as ArrayBuffer }

describe('blobSource', () => {
  it.each([[0, 16], [65_530, 12], [65_536, 65_536], [1, 150_000], [199_990, 100], [200_000, 1], [300_000, 5], [-1, 4], [
    5,
    0,
  ]])(
    'reads from %i on %i bytes, as far as the file goes',
    (offset, length) => {
      const source = blobSource(file, reader)
      const expected = offset < 0 ? new Uint8Array(0) : content.slice(offset, offset + length)
      for (let time = 0; time < 2; time++) expect(source.read(offset, length)).toEqual(expected)
    },
  )
})
