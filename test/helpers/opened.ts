/**
 * What programs open of their own installation while they run, and what was built into the folders that go into packages as they
 * are. Threads, chunks and pages are named in the code alone, so that one that a package lacks is found by the first upload, or by
 * no test at all.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { threads, workerCommand } from '../../src/program/runtime.ts'
import { installationRoot } from '../../src/program/program.ts'

/** Folders that go into packages as they are. */
const WHOLE = ['dist/bundle', 'dist/pages', 'schema/migrations', 'workers/retrace/root']
/** A bundle of its own, which the other package has, and what V8 makes, which a build that is to be made again has not. */
const OWN = /^dist\/bundle\/(retrace\.js|abrt-retrace-worker\.cache)$/
/** These two say their paths otherwise: they are asked below. */
const ASKED = /^src\/program\/(program|runtime)\.ts$/

/** Below an installation's root, as `find DIR... -type f` from there says them; without what is OWN. */
export function builtFiles(): string[] {
  const root = installationRoot()
  return WHOLE.flatMap((folder) =>
    filesBelow(join(root, folder)).filter((path) => !path.includes('/__pycache__/')).map((path) =>
      path.slice(root.length + 1)
    )
  ).filter((path) => !OWN.test(path)).sort()
}

/** A script that says them of an installation. */
export function findBuilt(home: string): string {
  return `cd ${home} && find ${WHOLE.join(' ')} -type f | LC_ALL=C sort`
}

/** Those of its lines that are not OWN. */
export function found(text: string): string[] {
  return text.trim().split('\n').filter((path) => !OWN.test(path)).sort()
}

/** Files and folders that the code of the server, its worker, reposync and clean names below the installation's root. */
export function openedPaths(): string[] {
  const root = installationRoot()
  const asked = [...workerCommand(undefined), ...Object.values(threads(undefined) ?? {})]
  const named = ['src', 'workers'].flatMap((folder) => filesBelow(join(root, folder)))
    .filter((path) => path.endsWith('.ts') && !ASKED.test(path.slice(root.length + 1))).flatMap(namedIn)
  const bundles = readdirSync(join(root, 'dist/bundle')).filter((name) => /\.c?js$/.test(name) && name !== 'retrace.js')
  const imported = bundles.flatMap((name) =>
    [...readFileSync(join(root, 'dist/bundle', name), 'utf8').matchAll(/["'`]\.\/([\w.-]+\.c?js)["'`]/g)]
      .map(([, other = '']) => `dist/bundle/${other}`)
  )
  const all = ['package.json', ...asked.map((path) => path.slice(root.length + 1)), ...named, ...imported]
  return [...new Set(all)].sort()
}

/** A script that says which of them an installation lacks. */
export function findLacking(home: string): string {
  return `cd ${home} && for path in ${openedPaths().join(' ')}; do [ -e "$path" ] || echo "$path"; done`
}

/** Throws where the root is used otherwise than in `join(installationRoot(), 'one', 'other')`, which nothing here would see. */
function namedIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const named = [...text.matchAll(/join\(installationRoot\(\), ((?:'[^']+'(?:, )?)+)\)/g)]
  if (named.length !== text.split('installationRoot()').length - 1) {
    throw new Error(`${basename(file)} uses installationRoot() in a form that test/helpers/opened.ts does not read`)
  }
  return named.map(([, words = '']) => words.slice(1, -1).split("', '").join('/'))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
