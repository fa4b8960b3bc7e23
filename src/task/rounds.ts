/**
 * A second round: what a debugger missed of a slim core is named to the client, and the worker runs again with that. Owns the files of
 * it in a task's directory: `rounds` (how many the client takes), `wanted` (what it may send now; there is none but between two
 * runs), `memory` (what it sent), and `aside-N`, the whole result of the Nth run, which is the task's where no better one comes.
 */
import { constants, linkSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errnoOf } from '../errors/errno.ts'
import { syncDirectory } from '../files/durable.ts'
import { plainSize, WRITING } from '../files/plain.ts'
import { MIB } from '../units/bytes.ts'
import { type Aside, ASIDES, type Result, RESULTS } from './files.ts'
import { endLog } from './log.ts'
import type { Task } from './task.ts'
import { appear, partialOf } from './write.ts'

/** How often a task asks for memory. */
export const MAX_ROUNDS = ASIDES.length
/** Bytes of memory of one round. */
export const MAX_ROUND = MIB

/** What a file system says that has no second names, or gives this program none. */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

/** Memory that was left out, in bytes. */
export interface WantedRange {
  readonly start: bigint
  readonly length: number
}

export interface Wanted {
  /** From 1. */
  readonly round: number
  readonly rounds: number
  readonly ranges: readonly WantedRange[]
  /** Spans within which the client may send, too, what those point to: few and long, not all of it was left out. */
  readonly within?: readonly WantedRange[]
}

const Hex = z.string().regex(/^0x[0-9a-f]{1,16}$/)
const Ranges = z.array(z.object({ start: Hex, length: z.int().min(1) }))
const WantedFile = z.object({
  round: z.int().min(1),
  rounds: z.int().min(1),
  ranges: Ranges,
  within: Ranges.default([]),
})

/** How many rounds the client said that it takes; 0: it said nothing. */
export function roundsOf(task: Task): number {
  const text = task.text('rounds')?.trim() ?? ''
  return /^[0-9]$/.test(text) ? Math.min(Number(text), MAX_ROUNDS) : 0
}

/** What the client may send now; undefined: nothing. */
export function readWanted(task: Task): Wanted | undefined {
  return parsed(task.text('wanted'))
}

/** As the file has it, and the status of the task. */
export function wantedJson({ round, rounds, ranges, within = [] }: Wanted): z.infer<typeof WantedFile> {
  const json = ({ start, length }: WantedRange) => ({ start: `0x${start.toString(16)}`, length })
  return { round, rounds, ranges: ranges.map(json), within: within.map(json) }
}

function parsed(text: string | undefined): Wanted | undefined {
  if (text === undefined) return undefined
  try {
    const found = WantedFile.safeParse(JSON.parse(text)).data
    const ranges = (list: z.infer<typeof Ranges>) => list.map(({ start, length }) => ({ start: BigInt(start), length }))
    return found && { ...found, ranges: ranges(found.ranges), within: ranges(found.within) }
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** The newest result that was kept aside; undefined: there is none. */
export function newestAside(task: Task): Aside | undefined {
  return ASIDES.findLast((name) => task.has(name))
}

/** A file of a result that was kept aside. */
export function asideText(task: Task, aside: Aside, name: Result): string | undefined {
  try {
    return readFileSync(join(task.file(aside), name), 'utf8')
  } catch {
    return undefined
  }
}

/** Whether a result that was kept aside has such a file. */
export function asideHas(task: Task, aside: Aside, name: Result): boolean {
  return plainSize(join(task.file(aside), name)) !== undefined
}

/** All that was asked for before. */
export function wantedBefore(task: Task): WantedRange[] {
  return ASIDES.filter((name) => task.has(name)).flatMap((name) => {
    try {
      return parsed(readFileSync(join(task.file(name), 'wanted'), 'utf8'))?.ranges ?? []
    } catch {
      return []
    }
  })
}

/** Keeps a whole result aside, with what would make it better, then says that this is wanted: each by rename, and flushed. */
export async function setAside(
  task: Task,
  results: readonly (readonly [Result, string])[],
  wanted: Wanted,
): Promise<void> {
  const name = ASIDES[wanted.round - 1]
  if (name === undefined) throw new Error(`There is no round ${wanted.round}`)
  const folder = partialOf(task, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  const text = `${JSON.stringify(wantedJson(wanted))}\n`
  // All of them have ended before a failure is told: who takes back what is there has it alone.
  const written = await Promise.allSettled(
    [...results, ['wanted', text] as const].map(([each, content]) => write(join(folder, each), content)),
  )
  for (const each of written) if (each.status === 'rejected') throw each.reason
  await syncDirectory(folder)
  renameSync(folder, task.file(name))
  await write(partialOf(task, 'wanted'), text)
  renameSync(partialOf(task, 'wanted'), task.file('wanted'))
  await syncDirectory(task.directory)
}

/** Takes back a result that could not be kept aside whole, and what was wanted with it. */
export function dropAside(task: Task, { round }: Pick<Wanted, 'round'>): void {
  const name = ASIDES[round - 1]
  if (name === undefined) return
  for (const each of ['wanted', name] as const) {
    for (const path of [task.file(each), partialOf(task, each)]) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * Memory that came, for the worker; once it is on the disk, nothing is wanted any more. Throws the errors of the disk: then it is as
 * before, and the client may send it again.
 */
export async function writeMemory(task: Task, bytes: Uint8Array): Promise<void> {
  const partial = partialOf(task, 'memory')
  rmSync(partial, { recursive: true, force: true })
  try {
    await write(partial, bytes)
    renameSync(partial, task.file('memory'))
    await syncDirectory(task.directory)
  } catch (cause) {
    // On a full disk the task waits on, and this would take what is left of it.
    for (const path of [partial, task.file('memory')]) rmSync(path, { force: true })
    throw cause
  }
  // Where a power cut brings this back, the run that the memory is for ends the task, or wants anew.
  rmSync(task.file('wanted'), { force: true })
}

/**
 * The newest result that was kept aside becomes the task's, `why` in the log's last line. It may be killed at any instruction and
 * run again: what is aside stays until the task is tidied up. False: there is none.
 */
export async function takeAside(task: Task, why: string): Promise<boolean> {
  const aside = newestAside(task)
  if (aside === undefined || task.hasEnded()) return aside !== undefined
  rmSync(task.file('wanted'), { force: true })
  for (const name of RESULTS) {
    // What a later run had written when it was killed belongs to no whole result.
    rmSync(task.file(name), { recursive: true, force: true })
    if (name !== 'retrace-log' && asideHas(task, aside, name)) await giveName(task, aside, name)
  }
  await syncDirectory(task.directory)
  // It gets a line more, which the one aside must not get, too: written through a second name it would.
  await endLog(task, why, join(task.file(aside), 'retrace-log'))
  return true
}

/**
 * A result that is aside gets its name in the task, too: it is on the disk already, and may be large. Never by rename, which does
 * nothing where an earlier try has named the same file so.
 */
async function giveName(task: Task, aside: Aside, name: Result): Promise<void> {
  const from = join(task.file(aside), name)
  try {
    linkSync(from, task.file(name))
  } catch (cause) {
    if (!NO_LINKS.has(errnoOf(cause) ?? '')) throw cause
    await copyFile(from, partialOf(task, name), constants.COPYFILE_FICLONE)
    await using file = await open(partialOf(task, name), 'r')
    await file.sync()
    appear(task, name)
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, WRITING, 0o600)
  await file.writeFile(content)
  await file.sync()
}
