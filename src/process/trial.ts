/** Tries out this system before anything depends on it: can sandboxes be made, is a program there. */
import { randomUUID } from 'node:crypto'
import { ProgramError } from './error.ts'
import { gathered } from './gather.ts'
import { startInside } from './inside.ts'
import { startOutside } from './outside.ts'
import type { OutsideProgram } from './programs.ts'
import { systemSandbox } from './system.ts'
import type { Limits, Sandbox } from './wall.ts'
import { GIB } from '../units/bytes.ts'
import { HOUR_S } from '../units/time.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 100_000

/** The largest limits that any sandbox asks for, but for settings: who may not have them can make none of that kind. */
const LARGEST: Limits = { addressSpace: 16 * GIB, cpuS: HOUR_S, fileBytes: 16 * GIB, openFiles: 1024, processes: 256 }

/** What settings make larger: RETRACE_TASK_MEMORY_MB, and RETRACE_TASK_TIMEOUT. */
export type LimitsOfTasks = Partial<Pick<Limits, 'addressSpace' | 'cpuS'>>

/** What a sandbox can ask for at most. */
export function largestLimits({ addressSpace = 0, cpuS = 0 }: LimitsOfTasks = {}): Limits {
  return {
    ...LARGEST,
    addressSpace: Math.max(LARGEST.addressSpace, addressSpace),
    cpuS: Math.max(LARGEST.cpuS, cpuS),
  }
}

/** A sandbox as all others are, which gives back what it is given. */
export function trialSandbox(tasks: LimitsOfTasks = {}): Sandbox {
  return systemSandbox('cat', { name: 'trial', args: [], limits: largestLimits(tasks) })
}

/**
 * Makes a sandbox, and has it give back a word: what starts sandboxes can end well and have started nothing. Throws
 * ProgramError with the reason why that does not work here.
 */
export async function tryWall(tasks: LimitsOfTasks): Promise<void> {
  const word = randomUUID()
  await using running = await startInside(trialSandbox(tasks), { input: 'open', timeoutMs: TIMEOUT_MS })
  running.input.end(word)
  const output = await gathered(running, running.output, MAX_BYTES)
  await running.succeeded()
  if (new TextDecoder().decode(output) === word) return
  throw new ProgramError('not-started', 'The sandbox of cat does not work: it ended without a word')
}

/**
 * What a program says to `--version`: its first line, never empty. Throws
 * ProgramError 'not-started' when it is not there, and others when it does not work.
 */
export async function versionOf(program: OutsideProgram, ...before: string[]): Promise<string> {
  return await firstLine(program, [...before, '--version'])
}

/** The version that a gdb's own Python knows of it. Throws ProgramError where it has none, or is not there. */
export async function versionByPython(program: 'gdb' | 'gdb-multiarch'): Promise<string> {
  return await firstLine(program, ['-nx', '-batch', '-ex', 'python print(gdb.VERSION)'])
}

async function firstLine(program: OutsideProgram, words: readonly string[]): Promise<string> {
  await using running = startOutside(program, [program, ...words], { timeoutMs: TIMEOUT_MS })
  const output = await gathered(running, running.output, MAX_BYTES)
  await running.succeeded()
  const [first = ''] = new TextDecoder().decode(output).split('\n', 1)
  if (first.trim() !== '') return first
  throw new ProgramError('failed', `${program} ended without a word when it was asked for its version`)
}
