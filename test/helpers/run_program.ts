/** Programs of ops/bin, as a test runs them. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { env } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'
import type { Folder } from './folder.ts'
import { serverSettings } from './server.ts'

export const bin = (name: string): string => join(installationRoot(), 'ops', 'bin', name)

/** Runs a program of ops/bin to its end, with the settings of a server whose files are all in the folder. */
export function run(
  folder: Folder,
  settings: Record<string, string>,
  [name = '', ...words]: string[],
): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(bin(name), words, {
    env: { PATH: env.PATH, HOME: env.HOME, ...serverSettings(folder).settings, ...settings },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, text: stdout + stderr }
}
