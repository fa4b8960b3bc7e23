/**
 * The administrator's repository files: all of RETRACE_REPOS_D, in the order of their names. They are read anew,
 * synchronously, whenever something is fetched, because only they say how a repository is reached. Two files that
 * contradict each other are an error; a stanza or section that cannot be read costs only itself. No sentence of theirs
 * leaves this room with a user or a password in it.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { readNamed, whyUnread } from '../files/named.ts'
import { UsageError } from '../errors/usage_error.ts'
import type { Configured, PackageFormat } from './format/format.ts'
import { ASPECTS, type RepositorySpec } from './format/repository_spec.ts'
import { formatNamed } from './format/naming.ts'
import { withoutAnyCredentials } from '../text/credentials.ts'
import { FORMATS } from './formats.ts'

/** Reads all files. Throws UsageError with file and line for a contradiction. */
export function readConfiguration(
  folder: string,
  formats: readonly PackageFormat[] = FORMATS,
): Configured {
  const all: Configured = { repositories: [], warnings: [], faults: [] }
  for (const name of fileNames(folder)) {
    const format = formats.find((one) => name.endsWith(one.extension))
    const path = join(folder, name)
    if (format === undefined) {
      const unread = formats.find((one) => one.unread !== undefined && name.endsWith(one.unread.extension))?.unread
      if (unread !== undefined) all.warnings.push(...unread.advice(path, textOf(path)))
      continue
    }
    const { repositories, warnings, faults } = format.configuration(path, textOf(path))
    all.repositories.push(...repositories)
    all.warnings.push(...warnings)
    all.faults.push(...faults)
  }
  assertNoContradiction(all.repositories, formats)
  const { repositories, warnings, faults } = all
  return { repositories, warnings: warnings.map(withoutAnyCredentials), faults: faults.map(withoutAnyCredentials) }
}

function fileNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    const code = errnoOf(error) ?? 'unknown'
    throw new UsageError(`RETRACE_REPOS_D is ${folder}, which cannot be read (${code})`, { cause: error })
  }
}

function textOf(path: string): string {
  try {
    return readNamed(path)
  } catch (error) {
    const why = whyUnread(error) ?? 'unknown'
    throw new UsageError(`${path} cannot be read (${why})`, { cause: error })
  }
}

/** The same suite twice must be configured alike: two answers to 'which release' or 'which key' are none. */
export function assertNoContradiction(
  repositories: RepositorySpec[],
  formats: readonly PackageFormat[] = FORMATS,
): void {
  const seen = new Map<string, RepositorySpec>()
  for (const repository of repositories) {
    const { format, uri, suite, isPerArchitecture, architectures } = repository
    const key = [format, uri, suite, ...(isPerArchitecture ? architectures : [])].join(' ')
    const other = seen.get(key)
    seen.set(key, repository)
    if (other === undefined) continue
    for (const aspect of ASPECTS) {
      if (JSON.stringify(other[aspect]) === JSON.stringify(repository[aspect])) continue
      const { aspects } = formatNamed(repository.format, formats)
      throw new UsageError(
        `${repository.file}:${repository.line}: the suite ${repository.suite} is in ${other.file}:${other.line} too, ` +
          `with another ${aspects[aspect]}`,
      )
    }
  }
}
