/**
 * Slim cores: a valid core of the same crash that holds what a debugger reads for a backtrace, and little else: 1 MB of 100.
 * Pure; no module of Node, so that it runs in a browser, too. What it leaves out a debugger shows as unavailable: it never
 * reads as zeros, or as what a file holds (docs/facts.md, 'Slim cores, tried').
 */
import { type Core, readCore } from '../elf/core.ts'
import { ElfError } from '../elf/error.ts'
import { wordSize } from '../elf/fields.ts'
import { ET_CORE, headerSizes, parseHeader, readProgramHeaders } from '../elf/header.ts'
import type { LeftOutRange } from '../elf/left_out.ts'
import type { LinkMap } from '../elf/link_map.ts'
import { coreMemory, type Memory } from '../elf/memory.ts'
import type { ByteSource } from '../elf/bytes_source.ts'
import { KIB, MIB } from '../units/bytes.ts'
import { type Block, blockOf } from './block.ts'
import { copiesIn, type Needle, needlesOf } from './copies.ts'
import { layout } from './layout.ts'
import { type Mask, maskOf } from './mask.ts'
import { keepLibraries, keepModules } from './modules.ts'
import { type AskedRange, moreOf, type MorePage } from './more.ts'
import { notesOf } from './notes.ts'
import { areasOf, type Kind, PAGE, Pages, type Span } from './pages.ts'
import { addressOf, allNotes, BEFORE_POINTER, BEHIND_POINTER, type Registers, registersOf } from './process.ts'
import { keepReachable } from './reach.ts'
import { type Runs, runsOf } from './runs.ts'
import { stacksOf } from './stacks.ts'
import { leftOutOf, undumpedOf } from './undumped.ts'
import { watched } from './used.ts'
import { type WordForm, wordsIn } from './words.ts'

export interface SlimOptions {
  /** Bytes of memory that stacks and registers lead to, beside what is always kept; by default `defaultBudget`. */
  readonly budget?: number | undefined
  /** Whether the command line is sent. */
  readonly keepsArguments: boolean
  /** False: of memory and registers only what unwinding needs, addresses of modules and stacks (mask.ts); no command line then. */
  readonly keepsValues?: boolean | undefined
  /** Who makes it: name and version. */
  readonly maker: string
}

export interface Slim {
  readonly core: Core
  /** Bytes of the new file. */
  readonly size: number
  /** Its bytes, in order. */
  readonly bytes: () => Generator<Uint8Array>
  /** Header, program headers and notes: all that is no memory. */
  readonly head: Uint8Array
  /** Bytes of kept memory by kind. */
  readonly kinds: ReadonlyMap<Kind, number>
  /** Bytes that were dumped and are left out. */
  readonly leftOut: number
  /** What of these ranges, and `within` others of what they point to, was dumped and is not kept back. Throws ElfError where the file became shorter. */
  readonly more: (ranges: readonly AskedRange[], most: number, within?: readonly AskedRange[]) => MorePage[]
}

/** What a core is allowed, by what was dumped of it: more makes it no truer (docs/facts.md, 'Slim cores, tried'). */
const MIN_BUDGET = 512 * KIB
const MAX_BUDGET = 2.5 * MIB
const BUDGET_PART = 64
export const MAX_PROGRAM_HEADERS = 4096
const MAX_UNDUMPED = 2048
const CHUNK = 256 * 1024
const NT_AUXV = 6
const VECTOR = 128
const HIGH_BITS_ARM64 = 0xffff

/**
 * Throws ElfError as `readCore` does, `truncated` for a core that is cut off, and `unsupported` for a machine that no row of
 * the table names, or a core without threads.
 */
export function slimCore(source: ByteSource, asked: SlimOptions): Slim {
  const options = asked.keepsValues === false ? { ...asked, keepsArguments: false, budget: 0 } : asked
  const seen = watched(source)
  const core = readCore(seen)
  if (core.truncated !== undefined) throw new ElfError('truncated', 'The core is cut off, and is sent as it is')
  if (core.architecture === undefined) throw new ElfError('unsupported', 'The machine of the core is not known')
  const original = source.read(0, 64)
  const header = parseHeader(original)
  const notes = [...allNotes(source, header, readProgramHeaders(source, header))]
  const threads = registersOf(source, header, { architecture: core.architecture, notes })
  if (threads.length === 0 || header.type !== ET_CORE) throw new ElfError('unsupported', 'The core has no threads')
  const form: WordForm = {
    littleEndian: header.littleEndian,
    wordSize: wordSize(header),
    ...(core.architecture === 'arm64' ? { mask: HIGH_BITS_ARM64 } : {}),
  }
  const auxv = notes.find(({ owner, type }) => owner === 'CORE' && type === NT_AUXV)
  const vector = auxv === undefined ? new Uint8Array(0) : source.read(auxv.offset, Math.min(auxv.length, VECTOR))
  const pages = new Pages(source, areasOf(core.segments))
  const { block, maps, stacks } = choose(pages, {
    core,
    threads,
    form,
    memory: coreMemory(seen, core.segments, header),
    places: seen.places,
    vector,
    options,
  })
  const undumped = undumpedOf(core, MAX_UNDUMPED)
  const needles = needlesOf(pages, { block, form, keepsArguments: options.keepsArguments, known: knownTexts(core) })
  const except = block !== undefined && options.keepsArguments ? [block.arguments] : []
  const { kept: runs, left } = withoutCopies(pages, source, {
    needles,
    except,
    limit: MAX_PROGRAM_HEADERS - 1 - undumped.length,
  })
  const leftOut = leftOutOf(core, left)
  // A core whose values are zeros already stays one.
  const isMasked = options.keepsValues === false || core.keptBack !== undefined
  const mask = isMasked
    ? maskOf(pages, { core, form, stacks, threads, maps, places: seen.places, encoding: header })
    : undefined
  const zeroed = mask?.ranges(runs).map(({ start, end }) => ({ start: BigInt(start), end: BigInt(end), flags: 0 }))
  const made = layout(original, header, {
    runs,
    undumped: [...undumped, ...leftOut.inFiles].slice(0, MAX_PROGRAM_HEADERS - 1 - runs.length),
    notes: notesOf(source, header, {
      notes,
      leftOut: { maker: options.maker, ranges: alsoBefore(leftOut.ranges, core) },
      keptBack: zeroed && { maker: options.maker, ranges: zeroed },
      mask,
      keepsArguments: options.keepsArguments,
    }),
  })
  const kinds = new Map<Kind, number>()
  for (const kind of pages.kept.values()) kinds.set(kind, (kinds.get(kind) ?? 0) + PAGE)
  return {
    core,
    size: made.size,
    head: made.head.subarray(0, made.head.length),
    kinds,
    leftOut: left.reduce((sum, { start, end }) => sum + end - start, 0),
    bytes: () => bytesOf(source, made, mask),
    more: (ranges, most, within = []) =>
      isMasked ? [] : moreOf(pages, source, { ranges, within, most, form, needles, except }),
  }
}

/** Bytes: a 64th of what was dumped, 512 KiB at least and 2.5 MiB at most. */
export function defaultBudget({ segments }: Pick<Core, 'segments'>): number {
  const dumped = segments.reduce((sum, each) => sum + Number(each.dumped), 0)
  return Math.min(MAX_BUDGET, Math.max(MIN_BUDGET, Math.floor(dumped / BUDGET_PART)))
}

/** A slim core that is made slimmer keeps what it said of itself. */
function alsoBefore(ranges: readonly LeftOutRange[], { leftOut }: Core): LeftOutRange[] {
  return [...ranges, ...leftOut?.ranges ?? []].sort((a, b) => (a.start < b.start ? -1 : 1))
}

interface Choice {
  readonly core: Core
  readonly threads: readonly Registers[]
  readonly form: WordForm
  readonly memory: Memory
  /** Places of the file that the reader has read. */
  readonly places: readonly (readonly [number, number])[]
  /** The first bytes of NT_AUXV. */
  readonly vector: Uint8Array
  readonly options: SlimOptions
}

/** In the order of weight: what is chosen first stays where there is no room for all. Returns where things are. */
function choose(
  pages: Pages,
  { core, threads, form, memory, places, vector, options }: Choice,
): { block: Block | undefined; maps: readonly LinkMap[]; stacks: readonly Span[] } {
  const pid = core.process?.pid
  const sp = (threads.find(({ lwp }) => lwp === pid) ?? (threads.length === 1 ? threads[0] : undefined))?.sp
  const block = blockOf(pages, memory, { auxv: core.auxv, vector, sp })
  if (block !== undefined) {
    pages.forbid(block.environment)
    if (!options.keepsArguments) pages.forbid(block.arguments)
  }
  const maps = keepModules(pages, core, memory, places)
  keepLibraries(pages, core, maps)
  const architecture = core.architecture ?? 'amd64'
  const stacks = stacksOf(pages, threads, { architecture, first: block?.area, pid, form })
  for (const { start, end } of stacks) pages.keep('stacks', start, end)
  for (const { threadPointer: at } of threads) {
    if (at !== undefined) pages.keep('threads', Math.max(0, at - BEFORE_POINTER), at + BEHIND_POINTER)
  }
  const roots = function* () {
    for (const { words } of threads) yield* words
    if (core.siginfo?.address !== undefined) yield addressOf(core.siginfo.address)
    for (const { threadPointer: at } of threads) {
      if (at !== undefined) yield* wordsIn(pages, at - BEFORE_POINTER, at + BEHIND_POINTER, form)
    }
    for (const { start, end } of stacks) {
      for (let at = start; at < end; at += CHUNK) yield* wordsIn(pages, at, Math.min(end, at + CHUNK), form)
    }
  }
  keepReachable(pages, roots(), { budget: options.budget ?? defaultBudget(core), form })
  return { block, maps, stacks }
}

/** What the notes say in any case. */
function knownTexts({ modules, files }: Core): Set<string> {
  return new Set([...modules, ...files].map(({ path }) => path))
}

/** Without a copy more runs can be joined, which may hold another one. */
const MAX_TRIES = 8

/** The runs that are sent: whatever holds a copy of the environment in the end is left out whole. */
function withoutCopies(
  pages: Pages,
  source: ByteSource,
  { needles, except, limit }: { needles: readonly Needle[]; except: readonly Span[]; limit: number },
): Runs {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const runs = runsOf(pages, limit)
    const copies = copiesIn(pages, source, runs.kept, { needles, except })
    if (copies.length === 0) return runs
    for (const copy of copies) pages.forbid(copy)
  }
  throw new ElfError('unsupported', 'The environment of the process lies everywhere in its memory')
}

function* bytesOf(
  source: ByteSource,
  { head, places }: ReturnType<typeof layout>,
  mask: Mask | undefined,
): Generator<Uint8Array> {
  yield head
  let at = head.length
  for (const { run, offset } of places) {
    if (offset > at) yield new Uint8Array(offset - at)
    const length = run.end - run.start
    for (let done = 0; done < length; done += CHUNK) {
      const wanted = Math.min(CHUNK, length - done)
      const bytes = source.read(run.fileOffset + done, wanted)
      if (bytes.length !== wanted) throw new ElfError('truncated', 'The core became shorter while it was read')
      if (mask === undefined) yield bytes
      else {
        const masked = bytes.slice()
        mask.memory(run, done, masked)
        yield masked
      }
    }
    at = offset + length
  }
}

/** Bytes of the head that are the ELF header and the program headers. */
export function headersLength(head: Uint8Array): number {
  const header = parseHeader(head.subarray(0, 64))
  const sizes = headerSizes(header)
  return sizes.header + header.programCount * sizes.program
}
