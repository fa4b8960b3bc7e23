/** Memory of the modules that is kept: what tells which they are, and what the thread library reads of the C library. Pure. */
import type { Core } from '../elf/core.ts'
import { readDynamic, readImage } from '../elf/image.ts'
import { type LinkMap, readLinkMaps } from '../elf/link_map.ts'
import type { MappedFile } from '../elf/mapping.ts'
import type { Memory } from '../elf/memory.ts'
import { KIB } from '../units/bytes.ts'
import type { Pages } from './pages.ts'
import { keepPlaces } from './used.ts'

/** struct link_map with what only the C library knows of it (glibc 2.36: 1152 bytes). */
const LINK_MAP = 1200
const C_LIBRARY = /^(libc|libpthread|ld|ld64|ld-.*)[-.]/
/** Of the data of such a library, and how many there are at most: namespaces have their own. */
const MAX_DATA = 512 * KIB
const MAX_LIBRARIES = 64
const PF_X = 1

/**
 * Of each module its header, notes and dynamic section, the linker's list, and the vdso whole. `places`: what was and will be
 * read of the file through `memory`.
 */
export function keepModules(
  pages: Pages,
  core: Core,
  memory: Memory,
  places: readonly (readonly [number, number])[],
): LinkMap[] {
  const files = new Map<string, MappedFile[]>()
  for (const file of core.files) {
    const known = files.get(file.path)
    if (known === undefined) files.set(file.path, [file])
    else known.push(file)
  }
  const sections = core.modules.flatMap((module) => {
    const image = readImage(memory, core.ident.machine, module.start, files.get(module.path))
    return typeof image === 'string' ? [] : image.dynamic ?? []
  })
  for (const section of sections) for (const _ of readDynamic(memory, section));
  const maps = readLinkMaps(memory, core.auxv, sections)
  keepPlaces(pages, places)
  for (const { address } of maps) pages.keep('modules', Number(address), Number(address) + LINK_MAP)
  for (const { kind, start, end } of core.modules) {
    if (kind === 'vdso') pages.keep('modules', Number(start), Number(end))
  }
  return maps
}

/** The data of the C library and the linker, where their lists of threads and modules are; of a static program its own. */
export function keepLibraries(pages: Pages, core: Core, maps: readonly LinkMap[]): void {
  let libraries = 0
  for (const { kind, path, start, end } of core.modules) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (!C_LIBRARY.test(name) && !(kind === 'executable' && maps.length === 0)) continue
    if (++libraries > MAX_LIBRARIES) break
    let left = MAX_DATA
    for (const area of pages.areasIn(Number(start), Number(end))) {
      if ((area.flags & PF_X) !== 0) continue
      if (left <= 0) break
      const size = Math.min(area.end - area.start, left)
      pages.keep('libraries', area.start, area.start + size)
      left -= size
    }
  }
}
