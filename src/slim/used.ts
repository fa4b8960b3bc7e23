/**
 * What of a core's memory the reader of src/elf looks at: headers, notes, dynamic sections, the linker's list and its names.
 * By construction it reads the same of the slim core. Pure.
 */
import type { ByteSource } from '../elf/bytes_source.ts'
import type { Area, Pages } from './pages.ts'

/** A source that remembers what was read of it. */
export function watched(source: ByteSource): ByteSource & { readonly places: readonly [number, number][] } {
  const places: [number, number][] = []
  return {
    size: source.size,
    places,
    read(offset, length) {
      const bytes = source.read(offset, length)
      if (bytes.length > 0) places.push([offset, offset + bytes.length])
      return bytes
    },
  }
}

/** Looks at areas for all places together: those of a core overlap nowhere in its file, so that a place lies in one or two. */
const MAX_LOOKS = 4_000_000

/** Keeps the memory that lies at these places of the file. */
export function keepPlaces(pages: Pages, places: readonly (readonly [number, number])[]): void {
  const areas = pages.areas.toSorted((a, b) => a.fileOffset - b.fileOffset)
  let looks = 0
  for (const [from, to] of places) {
    for (let index = firstEndingAfter(areas, from); index < areas.length; index++) {
      const area = areas[index]
      if (area === undefined || area.fileOffset >= to) break
      if (++looks > MAX_LOOKS) return
      const address = (offset: number) => area.start + offset - area.fileOffset
      pages.keep('modules', Math.max(area.start, address(from)), Math.min(area.end, address(to)))
    }
  }
}

function firstEndingAfter(areas: readonly Area[], offset: number): number {
  let [low, high] = [0, areas.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const area = areas[middle]
    if (area !== undefined && area.fileOffset + area.end - area.start <= offset) low = middle + 1
    else high = middle
  }
  return low
}
