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

/** The file of a thread that unpacks uploads; undefined under Deno, whose threads start no programs as Node's do. */
export function unpackThread(deno: string | undefined = denoHere()): string | undefined {
  return deno === undefined ? join(installationRoot(), 'dist', 'bundle', 'unpack.js') : undefined
}

function denoHere(): string | undefined {
  return versions.deno === undefined ? undefined : execPath
}
