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
  /** Numbers of the next ones, some at most. */
  readonly others: readonly number[]
  /** How many have this stack. */
  readonly times: number
  /** The first of them whole, where all are so small: who prints or has no script sees it at once. */
  readonly thread: Thread | undefined
}

export interface Backtrace {
  readonly report: BacktraceReport
  readonly crashed: { readonly thread: Thread; readonly range: Range } | undefined
  readonly groups: readonly Group[]
  /** Threads of the file that are not shown: too large, or too many. */
  readonly unread: number
}

const NAMED = 6
const MAX_OTHERS = 100
/** Bytes of threads that are told whole at once. */
const MAX_WHOLE = MIB / 4

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
  const groups = new Map<string, Mutable<Group>>()
  let [turn, unread, whole] = [0, parts.further + (first !== undefined && thread === undefined ? 1 : 0), 0]
  for (const range of rest) {
    turn += range.end - range.start
    if (turn > TURN) {
      turn = 0
      await immediate()
    }
    const other = readThread(readPart(path, range))
    if (other === undefined) unread++
    else if (!joins(groups, other)) {
      whole += range.end - range.start
      begin(groups, { thread: other, range, isWhole: whole <= MAX_WHOLE })
    }
  }
  return {
    report: readReport(report),
    crashed: thread && first && { thread, range: first },
    groups: whole <= MAX_WHOLE ? [...groups.values()] : [...groups.values()].map(withoutFrames),
    unread,
  }
}

/** The thread that lies there, if one does. */
export function threadAt(path: string, range: Range): Thread | undefined {
  return readThread(readPart(path, range))
}

type Mutable<Of> = { -readonly [Key in keyof Of]: Of[Key] } & { others: number[] }

/** Whether a group of its stack is there, which it then belongs to. */
function joins(groups: ReadonlyMap<string, Mutable<Group>>, thread: Thread): boolean {
  const known = groups.get(stackKey(thread))
  if (known === undefined) return false
  known.times++
  if (known.others.length < MAX_OTHERS) known.others.push(thread.number)
  return true
}

function begin(
  groups: Map<string, Mutable<Group>>,
  { thread, range, isWhole }: { thread: Thread; range: Range; isWhole: boolean },
): void {
  const { number, lwp, frames } = thread
  const functions = frames.slice(0, NAMED).map((frame) => frame.function ?? '??')
  const shown = isWhole ? thread : undefined
  groups.set(stackKey(thread), {
    range,
    number,
    lwp,
    functions,
    frames: frames.length,
    others: [],
    times: 1,
    thread: shown,
  })
}

function withoutFrames(group: Group): Group {
  return { ...group, thread: undefined }
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
