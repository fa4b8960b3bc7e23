/**
 * `GET /readyz`: whether the server can take a task and finish it. Changes nothing, and tells a stranger no more than
 * anybody may know.
 */
import type { Database } from '../database/database.ts'
import { type Finding, type Look, lookAt, type Part, type Subject } from './look.ts'
import { LOOKS } from './looks.ts'

/** Strangers may ask, so the answer of a costly look is kept for this long. */
const FRESH_MS = 30_000

/** The state of one thing that a task needs. */
export interface PartOfReadiness {
  ok: boolean
  text: string
}

export interface Readiness {
  ready: boolean
  parts: Record<'server' | Part, PartOfReadiness>
}

export interface ReadinessSources {
  config: Subject['config']
  database: Database
  stopping: AbortSignal
  now: () => Date
}

/** The function behind the route; it remembers the answers of costly looks. */
export function createReadiness({ config, database, stopping, now }: ReadinessSources): () => Promise<Readiness> {
  const ask = remembering(now, (look) => {
    return lookAt(look, { config, database: () => database, isRunning: true, now: now() })
  })
  return async () => {
    const server = stopping.aborted ? { ok: false, text: 'it is stopping' } : { ok: true, text: 'it runs' }
    const parts: Readiness['parts'] = { server, ...await askedOf(ask) }
    return { ready: Object.values(parts).every(({ ok }) => ok), parts }
  }
}

async function askedOf(ask: (look: Look) => Promise<Finding>): Promise<Record<Part, PartOfReadiness>> {
  const asked = LOOKS.flatMap((look) => look.part === undefined ? [] : [{ part: look.part, finding: ask(look) }])
  const parts = new Map<Part, Finding[]>()
  for (const { part, finding } of asked) parts.set(part, [...parts.get(part) ?? [], await finding])
  const told = [...parts].map(([part, findings]) => [part, partOf(findings)] as const)
  return Object.fromEntries(told) as Record<Part, PartOfReadiness>
}

/** Several looks can be one part: what is wrong in any of them is told to a stranger, or else what deserves attention. */
function partOf(findings: readonly Finding[]): PartOfReadiness {
  const wrong = findings.filter(({ verdict, ready = verdict !== 'FAIL' }) => !ready)
  const noted = wrong.length > 0 ? wrong : findings.filter(({ verdict }) => verdict !== 'ok')
  const told = noted.length > 0 ? noted : findings.slice(0, 1)
  return { ok: wrong.length === 0, text: told.map(({ text }) => text).join('; ') }
}

/** Asks anew, or for a costly look gives what was found within the last half minute. */
function remembering(now: () => Date, ask: (look: Look) => Promise<Finding>): (look: Look) => Promise<Finding> {
  const last = new Map<Look, { at: number; finding: Promise<Finding> }>()
  return (look) => {
    const at = now().getTime()
    const known = last.get(look)
    if (look.isCostly && known !== undefined && at - known.at < FRESH_MS) return known.finding
    const finding = ask(look)
    last.set(look, { at, finding })
    return finding
  }
}
