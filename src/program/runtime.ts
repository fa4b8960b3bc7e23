/**
 * What runs this process: Node, on what was built, or Deno, on the sources and on the packages that deno.json maps.
 * Owns the rule that the server's worker runs under the same.
 */
import { join } from 'node:path'
import { execPath, versions } from 'node:process'
import { installationRoot } from './program.ts'

const NAME = 'abrt-retrace-worker'

/** The worker's program and its first arguments; `deno`: the path of the Deno that runs this process, if one does. */
export function workerCommand(deno: string | undefined = denoHere()): string[] {
  const root = installationRoot()
  if (deno === undefined) return [join(root, 'ops', 'bin', NAME)]
  // It says nothing of its own, which would stand in the task's log, and looks up nothing that changes while it runs.
  return [deno, 'run', '-A', '--quiet', '--no-lock', join(root, 'workers', 'retrace', 'main.ts')]
}

function denoHere(): string | undefined {
  return versions.deno === undefined ? undefined : execPath
}
