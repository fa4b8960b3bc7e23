/** Programs of other releases of Debian, really run: packages of this machine's archive unpacked as a root, entered by bwrap. */
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync, spawnSync } from 'node:child_process'
import { archivePackages } from './archive.ts'
import { kernelWritesCoresHere } from './cores.ts'

export interface ForeignPackages {
  suite: string
  names: readonly string[]
}

/** Unpacks packages of amd64 into `root`, which is made. Throws when the archive does not have them. */
export async function makeForeignRoot(
  folder: string,
  root: string,
  { suite, names }: ForeignPackages,
): Promise<void> {
  mkdirSync(root)
  for (const deb of await archivePackages(folder, { suite, architectures: ['amd64'], names })) {
    execFileSync('dpkg-deb', ['-x', deb, root], { timeout: 300_000, killSignal: 'SIGKILL' })
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64'].filter((each) => !existsSync(join(root, each)))) {
    symlinkSync(`usr/${name}`, join(root, name))
  }
}

/**
 * Runs a command in a root until it crashes; `place`, an empty folder, is `/place` there and the working directory. The core
 * that the kernel wrote.
 */
export function crashInRoot(root: string, place: string, command: readonly string[]): string {
  if (!kernelWritesCoresHere()) throw new Error('core_pattern must be a name without a path, so that cores come here')
  const words = [
    ...['--core=unlimited', 'bwrap', '--bind', root, '/', '--bind', place, '/place', '--chdir', '/place'],
    ...[
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--die-with-parent',
      '--clearenv',
      '--setenv',
      'LC_ALL',
      'C.UTF-8',
      '--setenv',
      'GOTRACEBACK',
      'crash',
    ],
    ...['--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'HOME', '/tmp', '--tmpfs', '/tmp', ...command],
  ]
  const { stderr } = spawnSync('prlimit', words, { encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' })
  const [written] = readdirSync(place).filter((name) => /^core(\.\d+)?$/.test(name))
  if (written === undefined) throw new Error(`${command.join(' ')} left no core: ${stderr}`)
  const core = join(place, 'core')
  renameSync(join(place, written), core)
  return core
}
