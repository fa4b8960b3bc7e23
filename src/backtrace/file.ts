/**
 * Reads a task's `backtrace.json` part by part: it may be of any size, and the server's other callers go on in between. Holds
 * one thread at a time.
 */
import { setImmediate as immediate } from 'node:timers/promises'
import { readPlain } from '../files/plain.ts'
import { readFileChunks } from '../stream/file.ts'
import { MIB } from '../units/bytes.ts'
import { PartFinder, type Parts, type Range } from './parts.ts'
import { type BacktraceReport, readReport, REPORT_MEMBERS } from './report.ts'
import { readThread, stackKey, type Thread } from './thread.ts'
import { parsed } from './values.ts'

/** Of one member or thread; larger ones are in the text only. */
const MAX_PART = 8 * MIB
/** Bytes that are looked at before others get their turn. */
const TURN = MIB

/** Threads with equal stacks. */
export interface Group {
  /** The first of them, in the file and by what it is called. */
  readonly range: Range
  readonly number: number
  readonly lwp: number
  /** Its first functions, the innermost first. */
  readonly functions: readonly string[]
  readonly frames: number
  readonly others: readonly number[]
}

export interface Backtrace {
  readonly report: BacktraceReport
  readonly crashed: { readonly thread: Thread; readonly range: Range } | undefined
  readonly groups: readonly Group[]
  /** Threads of the file that are too large to be shown. */
  readonly tooLarge: number
}

const NAMED = 6
const MAX_OTHERS = 1000

/** Undefined: there is no such file, or nothing in it can be read. */
export async function readBacktrace(path: string): Promise<Backtrace | undefined> {
  const parts = await findParts(path)
  const report: Record<string, unknown> = {}
  for (const name of REPORT_MEMBERS) {
    const range = parts.members.get(name)
    if (range !== undefined) report[name] = readPart(path, range)
  }
  const [first, ...rest] = parts.threads
  if (first === undefined && Object.keys(report).length === 0) return undefined
  const thread = first && readThread(readPart(path, first))
  const groups = new Map<string, { group: Group; others: number[] }>()
  let [turn, tooLarge] = [0, 0]
  for (const range of rest) {
    turn += range.end - range.start
    if (turn > TURN) {
      turn = 0
      await immediate()
    }
    const other = readThread(readPart(path, range))
    if (other === undefined) tooLarge++
    else addTo(groups, other, range)
  }
  return {
    report: readReport(report),
    crashed: thread && first && { thread, range: first },
    groups: [...groups.values()].map(({ group }) => group),
    tooLarge,
  }
}

/** The thread that lies there, if one does. */
export function threadAt(path: string, range: Range): Thread | undefined {
  return readThread(readPart(path, range))
}

function addTo(groups: Map<string, { group: Group; others: number[] }>, thread: Thread, range: Range): void {
  const key = stackKey(thread)
  const known = groups.get(key)
  if (known !== undefined) {
    if (known.others.length < MAX_OTHERS) known.others.push(thread.number)
    return
  }
  const others: number[] = []
  const functions = thread.frames.slice(0, NAMED).map((frame) => frame.function ?? '??')
  const { number, lwp, frames } = thread
  groups.set(key, { group: { range, number, lwp, functions, frames: frames.length, others }, others })
}

async function findParts(path: string): Promise<Parts> {
  const finder = new PartFinder()
  let turn = 0
  for await (const piece of readFileChunks(path)) {
    finder.add(piece)
    turn += piece.length
    if (turn > TURN) {
      turn = 0
      await immediate()
    }
  }
  return finder.parts
}

function readPart(path: string, { start, end }: Range): unknown {
  if (!(end > start) || end - start > MAX_PART) return undefined
  const bytes = readPlain(path, { position: start, length: end - start })
  return bytes === undefined ? undefined : parsed(bytes)
}
