/**
 * A core whose sender kept values back (src/slim/mask.ts): where they were, there are zeros. Pure. Owns what is shown of such a
 * core in all renderings: addresses of modules and stacks, a fault in the first page, and nothing else that memory or a register held.
 */
import type { Core } from '../../../src/elf/core.ts'
import type { Conversation } from './told.ts'
import type { FrameValues, Variable } from './values.ts'

export const KEPT_BACK = '<kept back by the sender>'

const PF_W = 2
/** An address there is an offset from a null pointer (vm.mmap_min_addr). */
const NULL_PAGE = 4096n
/** Where gdb could not follow what reads as a null pointer. */
const FAILED = /<error[^<>\n]*>/g
const ADDRESS = /^0x[0-9a-f]{1,16}$/

type Range = readonly [start: bigint, end: bigint]

/** Modules, and memory that was written to and came: stacks and control blocks of threads. Sorted and apart from each other. */
export function shownRanges({ modules, segments }: Pick<Core, 'modules' | 'segments'>): Range[] {
  const all: Range[] = modules.map(({ start, end }) => [start, end])
  for (const { start, dumped, flags } of segments) {
    if (dumped > 0n && (flags & PF_W) !== 0) all.push([start, start + dumped])
  }
  const out: [bigint, bigint][] = []
  for (const [start, end] of all.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const last = out.at(-1)
    if (last === undefined || start > last[1]) out.push([start, end])
    else if (end > last[1]) last[1] = end
  }
  return out
}

/** What the core itself says, without values: its command line, and where a fault was. */
export function coreWithoutValues(core: Core): Core {
  if (core.keptBack === undefined) return core
  const { siginfo, process } = core
  const at = siginfo?.address
  const isShown = at !== undefined && (at < NULL_PAGE || isIn(shownRanges(core), at))
  return {
    ...core,
    process: process && { ...process, arguments: KEPT_BACK },
    siginfo: siginfo && { ...siginfo, address: isShown ? at : undefined },
  }
}

/** What gdb said, without values. Its text of frames has none: kept_back.py saw to that before it was asked. */
export function conversationWithoutValues(said: Conversation, core: Core): Conversation {
  if (core.keptBack === undefined) return said
  const ranges = shownRanges(core)
  const shown = (value: string) => ADDRESS.test(value) && isIn(ranges, BigInt(value)) ? value : KEPT_BACK
  const variable = (each: Variable): Variable => {
    if (each.state === 'optimized-out') return each
    const value = each.kind === 'pointer' ? shown(each.value) : KEPT_BACK
    return { ...each, value, state: value === KEPT_BACK ? 'unavailable' : 'whole' }
  }
  const values = ({ arguments: own, locals }: FrameValues) => ({
    arguments: own.map(variable),
    locals: locals.map(variable),
  })
  return {
    ...said,
    threads: said.threads.map((thread) => ({
      ...thread,
      text: thread.text?.replace(FAILED, KEPT_BACK),
      plain: thread.plain?.replace(FAILED, KEPT_BACK),
      values: new Map([...thread.values].map(([level, each]) => [level, values(each)])),
    })),
    registers: said.registers.map(({ name, value }) => ({ name, value: shown(value) })),
    stackTop: undefined,
    signalInfo: undefined,
    divisor: undefined,
    abortMessage: undefined,
    assertMessage: undefined,
    exception: undefined,
    languages: undefined,
  }
}

function isIn(ranges: readonly Range[], address: bigint): boolean {
  return ranges.some(([start, end]) => address >= start && address < end)
}
