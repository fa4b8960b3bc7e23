/**
 * Where the stacks of a core are: of each thread from its stack pointer to its end, and where a thread stands on an
 * alternate stack for signals the one that was interrupted, too. Pure. The limits hold for memory that only looks like a stack.
 */
import type { Architecture } from '../elf/architecture.ts'
import { KIB, MIB } from '../units/bytes.ts'
import type { Area, Pages, Span } from './pages.ts'
import type { Registers } from './process.ts'
import { type WordForm, wordsIn } from './words.ts'

/** Of a stack whose end is known, by the kernel's block or the thread's control block. */
const MAX_STACK = 16 * MIB
/** Of memory in which nothing says where the stack ends: coroutines, goroutines, alternate stacks. */
const MAX_UNKNOWN = MIB
/** Of all stacks together, and what each further one is cut to then. */
const CUTS = [[192 * MIB, 0], [128 * MIB, 16 * KIB], [64 * MIB, 256 * KIB]] as const
/** A stack that is exhausted: the stack pointer lies below it, by a frame at most. */
const MAX_BELOW = MIB
/** Behind a thread pointer: the control block, and the variables of the thread where they lie above it. */
const BEHIND_POINTER = 16 * KIB
/** Of an alternate stack that is searched for the stack pointer that a signal saved. */
const MAX_SIGNAL_FRAME = 64 * KIB

/** What a leaf function may use below its stack pointer (psABI of each machine). */
function redZone(architecture: Architecture): number {
  return architecture === 'ppc64el' ? 512 : 128
}

/** One span for each stack, in the order of the threads; `first` is the area of the process's own stack. */
export function stacksOf(
  pages: Pages,
  threads: readonly Registers[],
  { architecture, first, pid, form }: {
    architecture: Architecture
    first: Area | undefined
    pid: number | undefined
    form: WordForm
  },
): Span[] {
  const stacks: Span[] = []
  let total = 0
  const add = (start: number, area: Area, thread: Registers) => {
    const end = endOf(start, area, thread, first)
    const limit = CUTS.find(([from]) => total > from)?.[1] ?? MAX_STACK
    if (limit === 0) return
    const span = { start: Math.max(area.start, start - redZone(architecture)), end: Math.min(end, start + limit) }
    stacks.push(span)
    total += span.end - span.start
  }
  for (const thread of threads) {
    const area = pages.areaAt(thread.sp) ?? areaAbove(pages, thread.sp)
    if (area === undefined) continue
    const start = Math.max(thread.sp, area.start)
    add(start, area, thread)
    const own = thread.lwp === pid ? first : pages.areaAt(thread.threadPointer ?? 0)
    if (own === undefined || own === area) continue
    const saved = lowestInto(pages, { start, end: Math.min(area.end, start + MAX_SIGNAL_FRAME) }, own, form)
    if (saved !== undefined) add(saved, own, thread)
  }
  return stacks
}

function endOf(start: number, area: Area, { threadPointer }: Registers, first: Area | undefined): number {
  if (area === first) return area.end
  const isAbove = threadPointer !== undefined && threadPointer > start && threadPointer < area.end
  return Math.min(area.end, isAbove ? threadPointer + BEHIND_POINTER : start + MAX_UNKNOWN)
}

function areaAbove(pages: Pages, sp: number): Area | undefined {
  const area = pages.areaBehind(sp)
  return area !== undefined && area.start - sp <= MAX_BELOW && (area.flags & 2) !== 0 ? area : undefined
}

/** The lowest address that words of a span have in another area. */
function lowestInto(pages: Pages, span: Span, into: Area, form: WordForm): number | undefined {
  let lowest: number | undefined
  for (const word of wordsIn(pages, span.start, span.end, form)) {
    if (word < into.start || word >= into.end) continue
    if (lowest === undefined || word < lowest) lowest = word
  }
  return lowest
}
