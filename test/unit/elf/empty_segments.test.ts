/** What of a core's program headers a debugger is given: no segment without bytes lies anywhere, and claims of bytes stay. */
import { describe, expect, it } from 'vitest'
import { type Claims, withoutEmpty } from '../../../src/elf/empty_segments.ts'
import { parseProgramHeaders } from '../../../src/elf/header.ts'

const FILE = 0x9000

describe.each([[64, true], [64, false], [32, true], [32, false]] as const)(
  'of class %i, little-endian %s',
  (bits, littleEndian) => {
    const encoding = { class: bits, littleEndian }

    function table(rows: readonly { offset: number; fileSize: number }[]): Uint8Array {
      const size = bits === 64 ? 56 : 32
      const view = new DataView(new ArrayBuffer(rows.length * size))
      for (const [index, { offset, fileSize }] of rows.entries()) {
        const at = index * size
        view.setUint32(at, 1, littleEndian)
        if (bits === 64) {
          view.setBigUint64(at + 8, BigInt(offset), littleEndian)
          view.setBigUint64(at + 32, BigInt(fileSize), littleEndian)
        } else {
          view.setUint32(at + 4, offset, littleEndian)
          view.setUint32(at + 16, fileSize, littleEndian)
        }
      }
      return new Uint8Array(view.buffer)
    }
    const given = (rows: { offset: number; fileSize: number }[], claims: Claims = new Map()) => {
      const before = table(rows)
      const after = withoutEmpty(before, encoding, { fileSize: FILE, claims })
      return after && parseProgramHeaders(after, encoding).map((each) => [Number(each.offset), Number(each.fileSize)])
    }

    it('moves what was not dumped to the end of the file, whatever offset it has', () => {
      expect(given([{ offset: 0, fileSize: 0 }, { offset: 0x40, fileSize: 0 }, { offset: 0x3000, fileSize: 0x1000 }]))
        .toEqual([[FILE, 0], [FILE, 0], [0x3000, 0x1000]])
    })

    it('leaves alone what has bytes, over the headers and past the end, too, and what lies nowhere already', () => {
      const rows = [{ offset: 0, fileSize: 64 }, { offset: 0x8000, fileSize: 0x8000 }, { offset: FILE, fileSize: 0 }]
      expect(given([...rows, { offset: 0xa000, fileSize: 0x1000 }])).toBeUndefined()
    })

    it('keeps sixteen that claim the same bytes, over all parts of the table', () => {
      const claims: Claims = new Map()
      const ten = Array.from({ length: 10 }, () => ({ offset: 0x1000, fileSize: 64 }))
      expect(given(ten, claims)).toBeUndefined()
      expect(given(ten, claims)?.filter(([, size]) => size === 0).length).toBe(4)
    })
  },
)
