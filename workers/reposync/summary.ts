/** What a run says of its results: a line for each component and architecture as it ends, and the summary. */
import type { PackageFormat } from '../../src/packages/format/format.ts'
import { count } from '../../src/text/count.ts'
import { megabytes } from '../../src/units/bytes.ts'
import type { PartResult } from './sync_part.ts'

export interface RunSummary {
  formats: readonly PackageFormat[]
  reposD: string
  isDryRun: boolean
  repositories: number
  failures: number
  /** Stanzas and sections that cannot be read. */
  faults: number
  /** By performance.now(). */
  started: number
}

/** The line of one component and architecture. */
export function describe(result: PartResult, dryRun: boolean): string {
  const head = `${result.label} -> ${result.release}:`
  const seconds = `${result.seconds.toFixed(1)} s`
  if (result.isUnchanged && result.problem !== undefined) return `${head} left as it was: ${result.problem}`
  if (result.isUnchanged) return `${head} unchanged, ${count(result.packages, 'package')}, ${seconds}`
  if (dryRun) return `${head} has changed, would be read (up to ${megabytes(result.bytes)})`
  const files = result.problem === undefined
    ? count(result.paths, 'new path')
    : `its list of files left as it was: ${result.problem}`
  return `${head} ${
    count(result.packages, 'package')
  } (${result.added} new, ${result.vanished} gone), ${files}, ${seconds}`
}

/** Whether a run found anything new: cron sends a letter for each line. What failed is in the log, and said at the end. */
export function isWorthSaying(results: PartResult[], run: RunSummary): boolean {
  const isUnread = run.failures > 0 || run.faults > 0 || run.repositories === 0
  return run.isDryRun || isUnread || results.some(({ isUnchanged }) => !isUnchanged)
}

/** The end of a run: what each release has by now, and what is left out of it, by reason. */
export function summary(
  results: PartResult[],
  run: RunSummary,
): string {
  if (run.repositories === 0 && run.faults === 0) {
    const extensions = run.formats.map(({ extension }) => extension).join(' or ')
    return `No repository is configured: put ${extensions} files into ${run.reposD}\n`
  }
  const releases = [...new Set(results.map(({ release }) => release))].sort()
  const rows = releases.map((release) => {
    const own = results.filter((result) => result.release === release)
    const sum = (pick: (result: PartResult) => number) => own.reduce((total, result) => total + pick(result), 0)
    const changed = own.filter((result) => !result.isUnchanged).length
    return `${release}: ${count(sum((r) => r.packages), 'package')} in ${
      count(own.length, 'index', 'indices')
    }, ${changed} changed, ` +
      `${count(sum((r) => r.added), 'package')} new, ${sum((r) => r.vanished)} gone upstream, ${
        count(sum((r) => r.paths), 'path')
      } new\n`
  })
  const leftOut = results.flatMap((result) => result.leftOut.map((sentence) => `${result.label}: ${sentence}\n`))
  const seconds = ((performance.now() - run.started) / 1000).toFixed(1)
  const failed = run.failures > 0 ? `, ${count(run.failures, 'suite')} failed, or parts of them (see the log)` : ''
  const unread = run.faults > 0
    ? `, ${count(run.faults, 'stanza')} of the repository files cannot be read (see the log)`
    : ''
  const tense = run.isDryRun ? 'looked at, nothing was changed,' : 'synced'
  return `${leftOut.join('')}${rows.join('')}${
    count(run.repositories, 'suite')
  } ${tense} in ${seconds} s${failed}${unread}\n`
}
