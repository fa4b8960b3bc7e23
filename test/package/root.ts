/** A Debian 12 in a folder, made by mmdebstrap of this machine's apt configuration, and entered by bubblewrap. Owns both. */
import { execFile, execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a command in it ended with, and all that it said. */
export interface Said {
  status: number
  text: string
}

/** `folder` exists and is the caller's to remove. `PACKAGES_BASE` names a tar archive of a root that was made before. */
export function makeRoot(folder: string): string {
  const root = join(folder, 'root')
  const base = env.PACKAGES_BASE ?? join(folder, 'base.tar')
  if (env.PACKAGES_BASE === undefined) {
    writeFileSync(join(folder, 'sources'), ownSources())
    execFileSync('mmdebstrap', [
      ...['--variant=minbase', '--dpkgopt=force-unsafe-io', '--include=ca-certificates', 'bookworm'],
      ...[base, join(folder, 'sources')],
    ], { stdio: 'pipe', timeout: 1_200_000 })
  }
  execFileSync('mkdir', [root])
  execFileSync('tar', ['-C', root, '-xf', base], { timeout: 300_000 })
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  // What this machine needs to reach its archive, and an archive of one day can be past its date.
  execFileSync('sh', ['-c', 'cp -n /etc/apt/apt.conf.d/* "$0/etc/apt/apt.conf.d/"', root])
  return root
}

/** The repositories of Debian 12 that this machine's apt has, each a line. */
function ownSources(): string {
  const lines = execFileSync('apt-get', [
    ...['indextargets', '--format', 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'],
    'Architecture: amd64',
  ], { encoding: 'utf8' }).split('\n').filter((line) => / bookworm(-updates|-security)? /.test(line))
  return `${[...new Set(lines)].sort().join('\n')}\n`
}

/** Runs a script as root in it, with this machine's network and `packages` as /mnt; all that it left running ends with it. */
export async function inside(root: string, packages: string, script: string): Promise<Said> {
  const words = [
    ...['--bind', root, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/run', '--bind', packages, '/mnt'],
    ...['--ro-bind', '/etc/resolv.conf', '/etc/resolv.conf', '--unshare-pid', '--unshare-uts', '--die-with-parent'],
    ...[
      '--cap-add',
      'ALL',
      '--clearenv',
      '--setenv',
      'PATH',
      '/usr/sbin:/usr/bin:/sbin:/bin',
      '--setenv',
      'HOME',
      '/root',
    ],
    ...['--setenv', 'DEBIAN_FRONTEND', 'noninteractive', '--setenv', 'LC_ALL', 'C.UTF-8', '--chdir', '/root'],
    ...['bash', '-c', `exec 2>&1\n${AS}\n${script}`],
  ]
  try {
    const { stdout } = await run('bwrap', words, { timeout: 900_000, maxBuffer: 1 << 26 })
    return { status: 0, text: stdout }
  } catch (error) {
    const { code, stdout } = error as { code?: number; stdout?: string }
    return { status: typeof code === 'number' ? code : -1, text: stdout ?? String(error) }
  }
}

/** As the runbook has it. */
const AS =
  `as() { runuser -u abrt-retrace -- sh -c 'set -a; . /etc/abrt-retrace/abrt-retrace.env; set +a; exec "$@"' sh "$@"; }`
