/**
 * The modules of a core: which ELF files were loaded where, and which build-id each has. Decides what is a module and
 * what is merely a mapped file (locale archives, gconv caches, fonts, ELF files that were only read). A name is no
 * identity: without a dumped build-id, `buildId` is undefined.
 */
import { type Found, type Image, readImage, readSoname } from './image.ts'
import { PF_X } from './header.ts'
import { type LinkMap, readLinkMaps } from './link_map.ts'
import { AT_ENTRY, AT_EXECFN, AT_PHDR, AT_SYSINFO_EHDR, type MappedFile, withoutDeletedMark } from './mapping.ts'
import type { Memory } from './memory.ts'
import { lastAtOrBelow, type Segment, segmentAt } from './segment.ts'

export interface CoreModule {
  readonly kind: 'executable' | 'library' | 'vdso'
  /** As in NT_FILE; '[vdso]'; without NT_FILE the linker's name, AT_EXECFN or SONAME, empty when the core has none. */
  readonly path: string
  /** The file was removed or replaced while it was mapped. */
  readonly deleted: boolean
  readonly start: bigint
  readonly end: bigint
  /** Lower-case hex; undefined when the core does not hold it. */
  readonly buildId: string | undefined
  /** The dynamic linker's name (link_map), for the vdso its SONAME. */
  readonly linkName: string | undefined
  /** JSON text of `.note.package`: what the file's maker says, not verified. */
  readonly packageNote: string | undefined
}

/** What the modules are made of: a core that has been read but for them. `segments` and `files` sorted by address. */
export interface ModuleParts {
  readonly memory: Memory
  readonly machine: number
  readonly segments: readonly Segment[]
  readonly files: readonly MappedFile[]
  readonly auxv: ReadonlyMap<number, bigint>
}

/** A file's mappings that belong together, with its image when the core holds the header. */
interface Loaded {
  readonly path: string
  readonly ranges: MappedFile[]
  readonly found: Found
  readonly start: bigint
  readonly end: bigint
}

type Draft = { -readonly [Key in keyof CoreModule]: CoreModule[Key] } & { image: Image | undefined }

const MAX_MODULES = 16_384
const MAX_NESTED = 8
/** Files that code can be mapped from although they are no program or library of a package. */
const PSEUDO_FILE = /^\/(dev\/|memfd:|SYSV[0-9a-f]{8}|anon_hugepage)|^[^/]/

/** The executable first, the rest by address. */
export function modulesOf(parts: ModuleParts): CoreModule[] {
  const loaded = parts.files.length > 0 ? loadedFiles(parts) : loadedSegments(parts)
  const vdso = vdsoOf(parts)
  // Where no segment of a core carries the flag, it tells nothing.
  const tells = parts.segments.some(isExecutable)
  const drafts = loaded.filter((each) =>
    each.start !== vdso?.start && (tells ? isModule(each, parts.segments) : typeof each.found !== 'string')
  ).map(draftOf)
  if (vdso !== undefined) drafts.push(vdso)
  drafts.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const maps = readLinkMaps(parts.memory, parts.auxv, drafts.flatMap(({ image }) => image?.dynamic ?? []))
  nameByLinker(drafts, maps, parts)
  markExecutable(drafts, maps, parts)
  return drafts
    .sort((a, b) => Number(b.kind === 'executable') - Number(a.kind === 'executable'))
    .map(({ image: _, ...module }) => module)
}

/** The module that holds `address`, e.g. a frame's pc; of several the smallest. */
export function moduleAt(modules: readonly CoreModule[], address: bigint): CoreModule | undefined {
  let smallest: CoreModule | undefined
  for (const module of modules) {
    if (address < module.start || address >= module.end) continue
    if (smallest === undefined || module.end - module.start < smallest.end - smallest.start) smallest = module
  }
  return smallest
}

function loadedFiles(parts: ModuleParts): Loaded[] {
  const byPath = new Map<string, MappedFile[]>()
  for (const file of parts.files) {
    const ranges = byPath.get(file.path)
    if (ranges === undefined) byPath.set(file.path, [file])
    else ranges.push(file)
  }
  const loaded: Loaded[] = []
  for (const [path, ranges] of byPath) {
    if (loaded.length >= MAX_MODULES) break
    for (const each of loadedRanges(parts, path, ranges)) loaded.push(each)
  }
  return loaded
}

/** One path may be loaded more than once (dlmopen, or a reader that maps the file): each header begins another. */
function loadedRanges(parts: ModuleParts, path: string, ranges: readonly MappedFile[]): Loaded[] {
  const loaded: (Loaded & { end: bigint; start: bigint })[] = []
  for (const range of ranges) {
    const current = loaded.at(-1)
    const belongs = current !== undefined &&
      (range.start < current.end ||
        (current.found === 'absent' && (range.fileOffset > 0n || range.start === current.end)))
    if (belongs) {
      current.ranges.push(range)
      if (range.end > current.end) current.end = range.end
      continue
    }
    if (loaded.length >= MAX_MODULES) break
    const found = range.fileOffset === 0n ? readImage(parts.memory, parts.machine, range.start, ranges) : 'absent'
    const next = { path, ranges: [range], found, start: range.start, end: range.end }
    if (typeof found !== 'string' && found.extent !== undefined) {
      if (found.extent.end > next.end) next.end = found.extent.end
      if (current?.found === 'absent' && current.start >= found.extent.start) {
        next.ranges.unshift(...current.ranges)
        next.start = current.start
        loaded.pop()
      }
    }
    loaded.push(next)
  }
  const known = loaded.filter((each) => typeof each.found !== 'string')
  return known.length > 0 ? known : loaded
}

/** Without NT_FILE: each segment that begins with an ELF header. */
function loadedSegments(parts: ModuleParts): Loaded[] {
  const loaded: Loaded[] = []
  for (const segment of parts.segments) {
    if (segment.dumped === 0n || loaded.length >= MAX_MODULES) continue
    const found = readImage(parts.memory, parts.machine, segment.start)
    if (typeof found === 'string') continue
    const end = found.extent?.end ?? segment.start + segment.memorySize
    loaded.push({ path: '', ranges: [], found, start: segment.start, end })
  }
  return loaded
}

/**
 * An ELF image, unless its code is mapped without the right to run (then somebody just reads the file); or, where the
 * header was not dumped, a file from which code is mapped.
 */
function isModule({ found, ranges, path }: Loaded, segments: readonly Segment[]): boolean {
  if (found === 'other') return false
  if (found === 'absent') {
    return !PSEUDO_FILE.test(path) && ranges.some((range) => isExecutable(segmentAt(segments, range.start)))
  }
  const code = found.code.map((address) => segmentAt(segments, address)).filter((segment) => segment !== undefined)
  return code.length === 0 || code.some(isExecutable)
}

function isExecutable(segment: Segment | undefined): boolean {
  return segment !== undefined && (segment.flags & PF_X) !== 0
}

function draftOf({ path, found, start, end }: Loaded): Draft {
  const image = typeof found === 'string' ? undefined : found
  return {
    kind: 'library',
    ...withoutDeletedMark(path),
    start,
    end,
    buildId: image?.buildId,
    linkName: undefined,
    packageNote: image?.packageNote,
    image,
  }
}

function vdsoOf({ auxv, segments, memory, machine }: ModuleParts): Draft | undefined {
  const start = auxv.get(AT_SYSINFO_EHDR)
  const segment = start === undefined ? undefined : segmentAt(segments, start)
  if (start === undefined || segment === undefined) return undefined
  const found = readImage(memory, machine, start)
  const draft = draftOf({ path: '[vdso]', ranges: [], found, start, end: segment.start + segment.memorySize })
  return { ...draft, kind: 'vdso', linkName: draft.image && readSoname(memory, draft.image) }
}

/** The module that holds `address`; of several the one that starts last: a vdso can lie in a library's gap (arm64). */
function innermostAt<Module extends { start: bigint; end: bigint }>(
  sorted: readonly Module[],
  address: bigint,
): Module | undefined {
  const last = lastAtOrBelow(sorted, address)
  for (let index = last; index >= 0 && index > last - MAX_NESTED; index--) {
    const module = sorted[index]
    if (module !== undefined && address < module.end) return module
  }
  return undefined
}

/** The linker's names, by where each object's dynamic section is; without NT_FILE they become the paths. */
function nameByLinker(drafts: Draft[], maps: readonly LinkMap[], { memory, files }: ModuleParts): void {
  for (const map of maps) {
    if (map.name === '') continue
    const draft = innermostAt(drafts, map.dynamic)
    if (draft !== undefined) draft.linkName ??= map.name
  }
  if (files.length > 0) return
  for (const draft of drafts) {
    if (draft.path === '') draft.path = draft.linkName ?? (draft.image && readSoname(memory, draft.image)) ?? ''
  }
}

/**
 * The executable is the module that the first link map is of; without link maps the one that holds AT_ENTRY, whatever the
 * command's name, or AT_PHDR. The two differ where the dynamic linker was started as a command, with a program to run.
 */
function markExecutable(drafts: Draft[], [first]: readonly LinkMap[], { memory, auxv }: ModuleParts): void {
  const started = auxv.get(AT_ENTRY) ?? auxv.get(AT_PHDR)
  const linked = first && innermostAt(drafts, first.dynamic)
  const draft = linked ?? (started === undefined ? undefined : innermostAt(drafts, started))
  if (draft === undefined || draft.kind === 'vdso') return
  draft.kind = 'executable'
  const name = auxv.get(AT_EXECFN)
  // It is the command's name, which can be the linker's.
  if (draft.path === '' && (started === undefined || draft === innermostAt(drafts, started)) && name !== undefined) {
    draft.path = memory.text(name) ?? ''
  }
}
