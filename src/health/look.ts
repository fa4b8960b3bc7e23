/** A look at the server's health: one thing that a working server needs, and the function that asks about it. */
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { errnoOf } from '../errors/errno.ts'

export interface Finding {
  /** `warn` deserves attention, and makes no check fail. */
  verdict: 'ok' | 'warn' | 'FAIL'
  /** Fit for strangers: settings by their names, no paths, nothing that a program wrote. */
  text: string
  /** For the administrator, after the text: paths, reasons, what to do. */
  more?: string
  /** Whether the server can take tasks; left out, it can unless the verdict is FAIL. */
  ready?: boolean
}

/** What is looked at. */
export interface Subject {
  config: Pick<
    Config,
    | 'host'
    | 'port'
    | 'taskMemoryMb'
    | 'taskTimeoutS'
    | 'tlsCert'
    | 'tlsKey'
    | 'requireHttps'
    | 'trustProxy'
    | 'spoolDir'
    | 'repoDir'
    | 'reposD'
    | 'engineDir'
    | 'database'
    | 'minFreeMb'
    | 'metricsPort'
  >
  /** The database; undefined: there is none yet. Throws what opening it says. */
  database(): Database | undefined
  /** Whether the server is running: then what its start creates must be there. */
  isRunning: boolean
  now: Date
  /** Where root looks: the number of the unit's user, whose folders are as they should be. */
  serviceUser?: number | undefined
}

export interface Look {
  /** As `--check` calls it. */
  what: string
  /** The part of `/readyz` that it is; left away: only the administrator is told. */
  part?: Part
  /** Its answer is remembered for a moment when strangers ask. */
  isCostly?: boolean
  question(subject: Subject): Finding | Promise<Finding>
}

/** The parts of `/readyz` that are looked at. */
export type Part = 'spool' | 'space' | 'database' | 'store' | 'sandbox' | 'programs' | 'sync'

/** Asks; a question that cannot be answered is a failure, too. */
export async function lookAt({ question }: Look, subject: Subject): Promise<Finding> {
  try {
    return await question(subject)
  } catch (cause) {
    const text = `it cannot be looked at (${errnoOf(cause) ?? 'for an unknown reason'})`
    return { verdict: 'FAIL', text, more: cause instanceof Error ? cause.message : String(cause) }
  }
}
