/** Programs whose output nobody takes: head(1) has read enough, or the disk is full. */
import { spawnSync } from 'node:child_process'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { bin } from '../helpers/run_program.ts'
import { serverSettings } from '../helpers/server.ts'

describe('a program whose output nobody takes', () => {
  const PRINTING = [
    'abrt-retrace-server --check spool database',
    'abrt-retrace-server --help',
    'abrt-retrace-server --init',
    'abrt-retrace-worker --help',
    'abrt-retrace-clean --version',
    'abrt-reposync --status',
    'abrt-reposync --help',
  ]

  const printing = (folder: Folder, words: string, to: string) => {
    const [name = '', ...rest] = words.split(' ')
    const settings = { PATH: env.PATH, RETRACE_TRUST_PROXY: '127.0.0.1', ...serverSettings(folder).settings }
    return spawnSync('bash', ['-c', `"$0" "$@" ${to}`, bin(name), ...rest], {
      env: settings,
      // bash takes a socket for a login from afar, and reads ~/.bashrc.
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    })
  }

  it.each(PRINTING)('does its work where its reader has gone, as before head(1): %s', async (words) => {
    await using folder = await temporaryFolder()
    const { status, stderr } = printing(folder, words, `| true; exit \${PIPESTATUS[0]}`)
    expect([status, stderr]).toEqual([0, ''])
  }, 60_000)

  it.each(PRINTING)('says so in a sentence where the disk is full: %s', async (words) => {
    await using folder = await temporaryFolder()
    const { status, stderr } = printing(folder, words, '>/dev/full')
    const said = `${words.split(' ', 1)}: standard output cannot be written to (ENOSPC)\n`
    expect([status, stderr]).toEqual([1, said])
  }, 60_000)
})
