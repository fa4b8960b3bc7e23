/**
 * What runs this process: Node, on what was built, or Deno, on the sources and on the packages that deno.json maps. The
 * server's worker runs under the same.
 */
import { join } from 'node:path'
import { execPath, versions } from 'node:process'
import { installationRoot } from './program.ts'

const NAME = 'abrt-retrace-worker'

/** The worker's program and its first arguments; `deno`: the path of the Deno that runs this process, if one does. */
export function workerCommand(deno: string | undefined = denoHere()): string[] {
  const root = installationRoot()
  if (deno === undefined) return [join(root, 'ops', 'bin', NAME)]
  // Quiet, since Deno's own messages would end up in the task's log. With the lock file, as the server: without it Deno
  // asks the registry anew.
  return [deno, 'run', '-A', '--quiet', join(root, 'workers', 'retrace', 'main.ts')]
}

/** The server's further threads: their files, compiled. */
export interface Threads {
  /** Unpacks uploads. */
  readonly unpack: string
  /** Starts workers. */
  readonly start: string
}

/** Undefined under Deno, whose threads start no programs as Node's do. */
export function threads(deno: string | undefined = denoHere()): Threads | undefined {
  if (deno !== undefined) return undefined
  const bundles = join(installationRoot(), 'dist', 'bundle')
  return { unpack: join(bundles, 'unpack.js'), start: join(bundles, 'start_workers.js') }
}

function denoHere(): string | undefined {
  return versions.deno === undefined ? undefined : execPath
}
