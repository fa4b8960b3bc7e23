/**
 * What programs open of their own while they run, held against what is built: threads and chunks are started and imported by their
 * names, so that one that a package lacks is found by the first upload, or by no test at all.
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { threads } from '../../src/program/runtime.ts'
import { installationRoot } from '../../src/program/program.ts'

/** Folders that go into packages as they are. */
const WHOLE = ['dist/bundle', 'dist/pages', 'schema/migrations', 'workers/retrace/root']
/** A bundle of its own, which the other package has, and what V8 makes, which a build that is to be made again has not. */
const OWN = /^dist\/bundle\/(retrace\.js|abrt-retrace-worker\.cache)$/

/** Below an installation's root, as `find DIR... -type f` from there says them; without what is OWN. */
export function openedFiles(): string[] {
  const root = installationRoot()
  return WHOLE.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('__pycache__'))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  ).filter((path) => !OWN.test(path)).sort()
}

/** A script that says them of an installation. */
export function findOpened(home: string): string {
  return `cd ${home} && find ${WHOLE.join(' ')} -type f | LC_ALL=C sort`
}

/** Those of its lines that are not OWN. */
export function found(text: string): string[] {
  return text.trim().split('\n').filter((path) => !OWN.test(path)).sort()
}

/** The threads' files, which nothing imports. */
export function threadFiles(): string[] {
  return Object.values(threads(undefined) ?? {}).map((path) => `dist/bundle/${basename(path)}`)
}
