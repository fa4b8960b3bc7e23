/**
 * How a task ended, as `outcome.json` says it: written by the worker, or by the runner for one that died.
 */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { errnoOf } from '../errors/errno.ts'
import type { Task } from './task.ts'

const Outcome = z.looseObject({
  code: z.string(),
  summary: z.string(),
  next_step: z.string().nullish().transform((text) => text ?? null),
  /** Name of the package whose program crashed, for `package_time`. */
  package: z.string().nullish(),
  /** Release id with architecture. */
  release: z.string().nullish(),
  /** Seconds of each step. */
  seconds: z.record(z.string(), z.number()).optional(),
  /** Modules of the core by status. */
  modules: z.record(z.string(), z.number()).optional(),
  /** Packages that were used, by where they came from. */
  packages: z.object({ here: z.number(), fetched: z.number() }).optional(),
})

export type Outcome = z.infer<typeof Outcome>

/** undefined: the task has not ended, or the file is damaged. */
export async function readOutcome(task: Task): Promise<Outcome | undefined> {
  const text = await textOf(task, 'outcome.json')
  if (text === undefined) return undefined
  try {
    return Outcome.safeParse(JSON.parse(text)).data
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** The text of a small file of the task, or undefined when it does not exist. */
export async function textOf(task: Task, name: string): Promise<string | undefined> {
  try {
    return await Promise.resolve(readFileSync(task.file(name), 'utf8'))
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
