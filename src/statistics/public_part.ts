/**
 * What of the statistics everybody may see: groups of fewer than three tasks are 'others', and of a package that no configured
 * repository has there is nothing: no name, no sentence. But a sentence on a program of one can name a function of a library of none:
 * it is not counted whose a function is.
 */
import type { Database } from '../database/database.ts'
import { isPublic } from './rows.ts'
import type { Statistics } from './shape.ts'

const OTHERS = 'others'
/** A group of fewer could be told from others by who knows of one. */
const FEW = 3

export function publicPart(database: Database, all: Statistics, rows: number): Statistics {
  const known = new Map<string, boolean>()
  const isKnown = (name: string) => {
    const found = known.get(name) ?? isPublic(database, name)
    known.set(name, found)
    return found
  }
  const configured = new Set(all.disk.map(({ release }) => release))
  const isHidden = (all.package !== null && !isKnown(all.package)) ||
    (all.release !== null && !configured.has(all.release)) || all.tasks < FEW
  if (isHidden) return nothing(all)
  const releases = grouped(all.releases, ({ release }) => configured.has(release), (tasks) => ({
    release: OTHERS,
    tasks,
  }))
  const named = new Set(releases.map(({ release }) => release))
  return {
    ...all,
    ...timesOf(all),
    outcomes: merged(all.outcomes, few(all.outcomes)),
    // A day is a group of its own.
    periods: all.periods.map((period) => ({ ...period, outcomes: merged(period.outcomes, few(period.outcomes)) })),
    releases,
    packages: grouped(all.packages, (row) => isKnown(row.package), (tasks) => ({ package: OTHERS, tasks })),
    crashes: all.crashes.filter(({ tasks, package: name }) => tasks >= FEW && isKnown(name)).slice(0, rows)
      .map((crash) => ({ ...crash, releases: crash.releases.filter((release) => named.has(release)) })),
    missing: all.missing.filter((row) =>
      row.times >= FEW && isKnown(nameOf(row.package)) && configured.has(row.release)
    )
      .slice(0, rows),
  }
}

/** Names of outcomes that hardly any task had. */
function few(outcomes: Readonly<Record<string, number>>): Set<string> {
  return new Set(Object.keys(outcomes).filter((name) => (outcomes[name] ?? 0) < FEW))
}

function merged(outcomes: Readonly<Record<string, number>>, hidden: ReadonlySet<string>): Record<string, number> {
  const shown: Record<string, number> = {}
  for (const [name, tasks] of Object.entries(outcomes)) {
    const key = hidden.has(name) ? OTHERS : name
    shown[key] = (shown[key] ?? 0) + tasks
  }
  return shown
}

function grouped<Row extends { tasks: number }>(
  all: readonly Row[],
  isShown: (row: Row) => boolean,
  others: (tasks: number) => Row,
): Row[] {
  const shown = all.filter((row) => row.tasks >= FEW && isShown(row))
  const rest = all.reduce((sum, { tasks }) => sum + tasks, 0) - shown.reduce((sum, { tasks }) => sum + tasks, 0)
  return rest === 0 ? shown : [...shown, others(rest)]
}

/** Steps that few tasks took are not told, nor what a few tasks used. They are of all tasks, whatever was asked for. */
function timesOf({ steps, supply }: Statistics): Pick<Statistics, 'steps' | 'supply'> {
  const shown = steps.filter(({ times }) => times >= FEW)
  return { steps: shown, supply: shown.length > 0 ? supply : { here: 0, fetched: 0 } }
}

/** As if nobody had asked for anything that is there. */
function nothing(all: Statistics): Statistics {
  const periods = all.periods.map(({ start }) => ({ start, tasks: 0, outcomes: {} }))
  return {
    ...all,
    ...timesOf(all),
    tasks: 0,
    outcomes: {},
    periods,
    releases: [],
    packages: [],
    crashes: [],
    missing: [],
  }
}

/** `name_version_arch` or `name-version-release.arch`, without what follows the name. */
function nameOf(text: string): string {
  return text.includes('_') ? text.slice(0, text.indexOf('_')) : text.replace(/-[^-]*-[^-]*$/, '')
}
