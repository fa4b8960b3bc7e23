/** What a look at the server's health is: one thing that a working server needs, and the question how it is. */
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { errnoOf } from '../errors/errno.ts'

export interface Finding {
  /** `warn` is worth a look, and makes no check fail. */
  verdict: 'ok' | 'warn' | 'FAIL'
  /** For anybody: a stranger may ask. Settings by their names, no path, nothing that a program said. */
  text: string
  /** For the administrator, after the text: paths, reasons, what to do. */
  more?: string
  /** Whether a task can be taken and done justice; left away: unless the verdict is FAIL. */
  ready?: boolean
}

/** What is looked at. */
export interface Subject {
  config: Pick<
    Config,
    'tlsCert' | 'tlsKey' | 'requireHttps' | 'trustProxy' | 'spoolDir' | 'engineDir' | 'database' | 'minFreeMb'
  >
  /** The database; undefined: there is none yet. Throws what opening it says. */
  database(): Database | undefined
  /** Whether the server runs that is looked at: what its start makes must be there then. */
  isRunning: boolean
  now: Date
}

export interface Look {
  /** As `--check` calls it. */
  what: string
  /** The part of `/readyz` that it is; left away: only the administrator is told. */
  part?: Part
  /** Its answer is kept for a moment when strangers ask. */
  isCostly?: boolean
  question(subject: Subject): Finding | Promise<Finding>
}

/** The parts of `/readyz` that are looked at. */
export type Part = 'spool' | 'space' | 'database' | 'sandbox' | 'sync'

/** Asks; a question that cannot be answered is a failure, too. */
export async function lookAt({ question }: Look, subject: Subject): Promise<Finding> {
  try {
    return await question(subject)
  } catch (cause) {
    const text = `it cannot be looked at (${errnoOf(cause) ?? 'for an unknown reason'})`
    return { verdict: 'FAIL', text, more: cause instanceof Error ? cause.message : String(cause) }
  }
}
