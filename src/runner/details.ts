/**
 * What of a task's end is kept for statistics: which files were missing, how long its steps took, what happened without any value
 * of the core. Reads the task's own files; refuses what is too large.
 */
import { basename } from 'node:path'
import * as z from 'zod'
import { plainSize } from '../files/plain.ts'
import type { RecordedOutcome } from '../task/outcome_file.ts'
import type { Task } from '../task/task.ts'
import { MIB } from '../units/bytes.ts'
import type { MissingFile, TaskDetails } from './end_table.ts'

const MAX_MODULES_BYTES = 8 * MIB
/** Of one task. */
const MAX_MISSING = 100
const MAX_NAME = 200
const LACKING = new Set(['missing', 'no-debuginfo', 'mismatch'])

const Modules = z.array(z.object({
  path: z.string(),
  status: z.string(),
  build_id: z.string().regex(/^[0-9a-f]{1,128}$/).nullish().catch(undefined),
  package: z.string().nullish().catch(undefined),
}))

export function detailsOf(task: Task, outcome: RecordedOutcome | undefined, hour: number): TaskDetails {
  const sentence = outcome?.crash?.sentence
  return {
    hour,
    release: outcome?.release ?? '',
    signature: outcome?.crash?.signature ?? '',
    sentence: sentence === undefined ? undefined : withoutValues(sentence),
    seconds: outcome?.seconds ?? {},
    packages: outcome?.packages,
    missing: missingIn(task),
  }
}

/**
 * A sentence (workers/retrace/words/sentence.ts) without what was in the process: no message, no address but that of a null
 * pointer, no number of another process.
 */
export function withoutValues(sentence: string): string {
  return sentence
    .replace(/ \('.*'\)/g, '')
    .replace(/ '.*'/g, '')
    .replace(/\b0x(?!0\b)[0-9a-f]+/g, '0x…')
    .replace(/\bprocess [0-9]+/g, 'another process')
}

function missingIn(task: Task): MissingFile[] {
  const size = plainSize(task.file('modules.json'))
  if (size === undefined || size > MAX_MODULES_BYTES) return []
  const modules = Modules.safeParse(parsed(task.text('modules.json') ?? '')).data ?? []
  return modules.filter(({ status }) => LACKING.has(status)).slice(0, MAX_MISSING).map((module) => ({
    package: (module.package ?? '').slice(0, MAX_NAME),
    file: basename(module.path).slice(0, MAX_NAME),
    buildId: module.build_id ?? '',
    status: module.status,
  }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
