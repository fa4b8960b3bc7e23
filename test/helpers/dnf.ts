/** The real dnf, in a root of its own: what it takes of repositories. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { labelOf } from './peculiarity.ts'
import { installationRoot } from '../../src/program/program.ts'

const SCRIPT = join(installationRoot(), 'test/helpers/taken_by_dnf.py')

export interface TakenByDnf {
  /** Labels of the packages that it knows, could download and finds rightly signed. */
  taken: string[]
  /** What it said. */
  said: string
}

/** Settings of this machine's dnf are not read; `folder` is made. `text`: of a `.repo` file; `variables`: of /etc/dnf/vars. */
export async function takenByDnf(
  folder: string,
  text: string,
  variables: Record<string, string> = {},
): Promise<TakenByDnf> {
  for (const name of ['repos.d', 'root']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'repos.d/test.repo'), text)
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: folder, TMPDIR: folder }
  const options = { env, cwd: folder, maxBuffer: 1 << 26, timeout: 120_000 }
  const { stdout, stderr } = await promisify(execFile)('/usr/bin/python3', [
    '-B',
    SCRIPT,
    folder,
    JSON.stringify(variables),
  ], options)
  const told = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  return {
    taken: [...new Set(told.flatMap(({ taken }) => taken === undefined ? [] : [labelIn(taken)]))],
    said: [...told.flatMap(({ said }) => said ?? []), stderr].join('\n'),
  }
}

/** Of `NAME [EPOCH:]VERSION-RELEASE ARCHITECTURE`. */
function labelIn(told: string): string {
  const [name = '', version = '', architecture = ''] = told.split(' ')
  return labelOf({ name, version: version.replace(/^0+:/, ''), architecture })
}
