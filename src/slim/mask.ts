/**
 * `--no-values`: what of a slim core is no address of a module or a stack reads as zeros, in memory and in registers, and a note
 * lists where. Pure. Owns which words stay: what an unwinder follows (return addresses, saved frame pointers, the lists of threads
 * and modules), and what a register says of the processor rather than of the program (flags, segments, the thread's pointer).
 */
import type { Architecture } from '../elf/architecture.ts'
import type { Core } from '../elf/core.ts'
import type { Encoding } from '../elf/fields.ts'
import type { LinkMap } from '../elf/link_map.ts'
import { lastAtOrBelow } from '../elf/segment.ts'
import { PAGE, type Pages, type Span } from './pages.ts'
import { BEFORE_POINTER, BEHIND_POINTER, layoutOf, type Registers } from './process.ts'
import type { Run } from './runs.ts'
import type { WordForm } from './words.ts'

export interface Mask {
  /** Zeroes words of a run's bytes, in place; `from`: how far into the run they begin. */
  memory(run: Run, from: number, bytes: Uint8Array): void
  /** The descriptor of a note, with values zeroed. */
  note(owner: string, type: number, descriptor: Uint8Array): Uint8Array
  /** Memory of which values were zeroed. */
  ranges(runs: readonly Run[]): Span[]
}

const [NT_PRSTATUS, NT_FPREGSET, NT_SIGINFO, NT_PRXFPREG] = [1, 2, 0x53494749, 0x46e62b7f]
const [NT_X86_XSTATE, NT_386_TLS, NT_ARM_TLS, NT_ARM_PAC_MASK] = [0x202, 0x200, 0x401, 0x406]
/** struct xsave: which parts of it there are (sw_reserved's xcr0, and XSTATE_BV). */
const XSTATE_KEPT: readonly (readonly [number, number])[] = [[464, 472], [512, 520]]
const UNTOUCHED = new Set([NT_386_TLS, NT_ARM_TLS, NT_ARM_PAC_MASK])
const PF_W = 2
/** What is read of the linker's lists in one piece: an entry of a dynamic section, r_debug, a link map. */
const MAX_STRUCTURE = 64
/** Where no null pointer with an offset leads beyond (vm.mmap_min_addr is 65536 in most systems, 4096 in all). */
const NULL_PAGE = 4096
/** An address of a fault that is kept back reads so, since 0 is one. */
const NO_ADDRESS = 0xff
/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV: with si_addr. */
const WITH_ADDRESS = new Set([4, 5, 7, 8, 11])
/** Indices of words in pr_reg that stay: flags, segments, numbers of system calls and traps; pc, sp and thread pointer do anyway. */
const PROCESSOR: Readonly<Record<Architecture, readonly number[]>> = {
  amd64: [15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26],
  i386: [7, 8, 9, 10, 11, 12, 13, 14, 16],
  arm64: [32, 33],
  armhf: [15, 16],
  ppc64el: [32, 33, 39, 40],
  s390x: [0, 1, 18],
  riscv64: [0],
}

export function maskOf(
  pages: Pages,
  { core, form, stacks, threads, maps, places, encoding }: {
    core: Core
    form: WordForm
    stacks: readonly Span[]
    threads: readonly Registers[]
    maps: readonly LinkMap[]
    places: readonly (readonly [number, number])[]
    encoding: Encoding
  },
): Mask {
  const architecture = core.architecture ?? 'amd64'
  const layout = layoutOf(architecture)
  const targets = joined([
    ...core.modules.map(({ start, end }) => ({ start: Number(start), end: Number(end) })),
    ...stacks,
  ])
  const leads = (word: number) => isIn(targets, word)
  const lwps = new Set(threads.map(({ lwp }) => lwp))
  const controls = joined(
    threads.flatMap(({ threadPointer: at }) =>
      at === undefined ? [] : [{ start: at - BEFORE_POINTER, end: at + BEHIND_POINTER }]
    ),
  )
  const plain = joined(plainSpans(pages, maps, places, form))

  /** Words from `at` on that do not pass are zeroed. */
  const clear = (bytes: Uint8Array, at: number, passes: (word: number, view: DataView, at: number) => boolean) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const whole = bytes.length - (bytes.length - at) % form.wordSize
    for (let place = at; place < whole; place += form.wordSize) {
      if (!passes(wordAt(view, place, form), view, place)) bytes.fill(0, place, place + form.wordSize)
    }
    bytes.fill(0, Math.max(at, whole))
  }

  const isThread = (view: DataView, at: number) =>
    lwps.has(view.getInt32(at, form.littleEndian)) ||
    (form.wordSize === 8 && lwps.has(view.getInt32(at + 4, form.littleEndian)))

  return {
    memory(run, from, bytes) {
      if ((run.flags & PF_W) === 0) return
      const start = run.start + from
      const copy = bytes.slice()
      const before = (form.wordSize - start % form.wordSize) % form.wordSize
      bytes.fill(0, 0, Math.min(before, bytes.length))
      clear(bytes, before, (word, view, at) => {
        // A thread's number, which its registers' note has, too, stands in its control block: on some machines at the end of its stack.
        if (leads(word) || isThread(view, at)) return true
        const isStack = pages.kept.get(Math.floor((start + at) / PAGE)) === 'stacks' && !isIn(controls, start + at)
        return !isStack && pages.areaAt(word) !== undefined
      })
      for (const span of plain) {
        const [first, last] = [Math.max(span.start, start) - start, Math.min(span.end, start + bytes.length) - start]
        if (first < last) bytes.set(copy.subarray(first, last), first)
      }
    },
    note(owner, type, descriptor) {
      const bytes = descriptor.slice()
      if (owner === 'CORE' && type === NT_PRSTATUS) {
        const keeps = new Set(
          [layout.sp, layout.thread?.index, ...PROCESSOR[architecture]].map((index) =>
            layout.at + (index ?? layout.sp) * form.wordSize
          ),
        )
        clear(bytes, layout.at, (word, _, at) => keeps.has(at) || leads(word))
        // pr_fpvalid, an int behind the registers, is no register: 0 says that there are none.
      } else if (owner === 'CORE' && type === NT_SIGINFO) maskSignal(bytes, leads, encoding, form)
      else if (isRegisters(owner, type)) {
        clear(bytes, 0, leads)
        if (type === NT_X86_XSTATE) {
          for (const [from, to] of XSTATE_KEPT) bytes.set(descriptor.subarray(from, to), from)
        }
      }
      return bytes
    },
    ranges: (runs) => joined(runs.filter(({ flags }) => (flags & PF_W) !== 0).flatMap((run) => without(run, plain))),
  }
}

function isRegisters(owner: string, type: number): boolean {
  if (owner === 'CORE') return type === NT_FPREGSET
  return owner === 'LINUX' && !UNTOUCHED.has(type) || type === NT_PRXFPREG
}

/** signal, errno and code stay, and who sent it, or an address that leads somewhere. */
function maskSignal(
  bytes: Uint8Array,
  leads: (word: number) => boolean,
  { class: elfClass, littleEndian }: Encoding,
  form: WordForm,
): void {
  const at = elfClass === 64 ? 16 : 12
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < at + 8) return
  const [signal, code] = [view.getInt32(0, littleEndian), view.getInt32(8, littleEndian)]
  if (WITH_ADDRESS.has(signal) && code > 0) {
    const word = wordAt(view, at, form)
    if (!leads(word) && word >= NULL_PAGE) bytes.fill(NO_ADDRESS, at, at + form.wordSize)
    bytes.fill(0, at + form.wordSize)
  } else bytes.fill(0, at + 8)
}

/** In memory that can be written: the structures of the linker's lists, with the names of modules. */
function plainSpans(
  pages: Pages,
  maps: readonly LinkMap[],
  places: readonly (readonly [number, number])[],
  form: WordForm,
): Span[] {
  const spans: Span[] = []
  const areas = pages.areas.toSorted((a, b) => a.fileOffset - b.fileOffset).map((area) => ({
    ...area,
    start: BigInt(area.fileOffset),
    address: area.start,
  }))
  for (const [from, to] of places) {
    const area = areas[lastAtOrBelow(areas, BigInt(from))]
    if (to - from > MAX_STRUCTURE || area === undefined) continue
    const start = area.address + from - area.fileOffset
    if (start < area.end) spans.push({ start, end: start + to - from })
  }
  const text = new TextEncoder()
  for (const { address, name } of maps) {
    const [word] = wordsAt(pages, Number(address) + form.wordSize, form)
    if (word !== undefined && name !== '') spans.push({ start: word, end: word + text.encode(name).length + 1 })
  }
  return spans
}

function wordsAt(pages: Pages, at: number, form: WordForm): number[] {
  const page = Math.floor(at / PAGE)
  const bytes = pages.read(page)
  const offset = at - page * PAGE
  if (offset + form.wordSize > bytes.length) return []
  return [wordAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset, form)]
}

/** 0 for what is no address. */
function wordAt(view: DataView, at: number, { littleEndian, wordSize, mask }: WordForm): number {
  if (at + wordSize > view.byteLength) return 0
  if (wordSize === 4) return view.getUint32(at, littleEndian)
  const [low, high] = littleEndian ? [at, at + 4] : [at + 4, at]
  const upper = view.getUint32(high, littleEndian) & (mask ?? 0xffffffff)
  return upper >>> 0 >= 0x200000 ? Infinity : (upper >>> 0) * 2 ** 32 + view.getUint32(low, littleEndian)
}

function isIn(spans: readonly Span[], address: number): boolean {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((spans[middle]?.start ?? Infinity) <= address) low = middle + 1
    else high = middle
  }
  const span = spans[low - 1]
  return span !== undefined && address < span.end
}

function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1)
    if (last === undefined || span.start > last.end) out.push({ start: span.start, end: span.end })
    else if (span.end > last.end) out[out.length - 1] = { start: last.start, end: span.end }
  }
  return out
}

/** `others`: sorted and apart. */
function without({ start, end }: Span, others: readonly Span[]): Span[] {
  const left: Span[] = []
  let at = start
  for (const other of others) {
    if (other.end <= at) continue
    if (other.start >= end) break
    if (other.start > at) left.push({ start: at, end: other.start })
    at = other.end
  }
  if (at < end) left.push({ start: at, end })
  return left
}
