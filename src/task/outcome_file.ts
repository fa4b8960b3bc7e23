/**
 * The file `outcome.json`: how a task ended, with what the metrics and the next estimate need. Written here, read here;
 * what is read is checked as if it were a stranger's, since metrics have its words as labels.
 */
import * as z from 'zod'
import { type Outcome, OUTCOME_CODES } from './outcome.ts'
import type { Step } from './step.ts'
import type { Task } from './task.ts'

const number = z.number().nonnegative()

const Seconds = z.object(
  {
    read: number,
    resolve: number,
    fetch: number,
    assemble: number,
    debug: number,
    report: number,
    total: number,
  } satisfies Record<Step | 'total', typeof number>,
)
/** Of each step, and of the whole. */
export type Seconds = z.infer<typeof Seconds>

const ModuleCounts = z.object({
  total: number,
  exact: number,
  by_path: number,
  no_debuginfo: number,
  missing: number,
  mismatch: number,
})
/** Modules of the core by status; the vdso, which no package holds, does not count. */
export type ModuleCounts = z.infer<typeof ModuleCounts>

const PackageCounts = z.object({ here: number, fetched: number })

const CrashSummary = z.object({
  sentence: z.string(),
  duphash: z.string().nullable(),
  signature: z.string().nullable(),
  rating: z.int().min(0).max(4).nullable(),
  update: z.string().nullable(),
})
/** What the crash was, and what it is to be compared by (docs/http.md, 'What a backtrace says of its crash'). */
export type CrashSummary = z.infer<typeof CrashSummary>

/** What is known of a task's end beside its outcome; the runner knows less of it than the worker. */
export interface Circumstances {
  /** The step that was reached. */
  readonly step: Step | undefined
  /** Name of the package whose program crashed, for `package_time`. */
  readonly package: string | undefined
  /** Release id with architecture. */
  readonly release: string | undefined
  readonly seconds?: Seconds
  readonly modules?: ModuleCounts
  /** Packages that were used, by where they came from. */
  readonly packages?: z.infer<typeof PackageCounts> | undefined
  /** Undefined: there is no backtrace. */
  readonly crash?: CrashSummary | undefined
}

const OutcomeFile = z.object({
  /** `unknown`: a code that a program of another version wrote. */
  code: z.enum([...OUTCOME_CODES, 'unknown']).catch('unknown'),
  summary: z.string(),
  next_step: z.string().nullish().transform((text) => text ?? null),
  package: z.string().nullish().catch(undefined).transform((name) => name ?? undefined),
  release: z.string().nullish().catch(undefined).transform((id) => id ?? undefined),
  seconds: Seconds.partial().optional().catch(undefined),
  modules: ModuleCounts.partial().optional().catch(undefined),
  packages: PackageCounts.partial().optional().catch(undefined),
  crash: CrashSummary.optional().catch(undefined),
})
export type RecordedOutcome = z.output<typeof OutcomeFile>

export function outcomeText({ code, summary, next_step }: Outcome, known: Circumstances): string {
  const { step = null, package: name = null, release = null, seconds, modules, packages, crash } = known
  const said = { code, summary, next_step, step, package: name, release, seconds, modules, packages, crash }
  return `${JSON.stringify(said)}\n`
}

/** How a task ended; undefined: it has not, or nobody can read what the file says. */
export function readOutcome(task: Task): RecordedOutcome | undefined {
  return parseOutcome(task.text('outcome.json'))
}

/** The same, of the text of such a file. */
export function parseOutcome(text: string | undefined): RecordedOutcome | undefined {
  if (text === undefined) return undefined
  try {
    return OutcomeFile.safeParse(JSON.parse(text)).data
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
