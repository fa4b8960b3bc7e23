/** The program ops/engine: what it refuses before it asks a mirror for anything. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'

function engine(words: string[], settings: Record<string, string> = {}) {
  const program = join(installationRoot(), 'ops', 'engine')
  return spawnSync(program, words, { encoding: 'utf8', timeout: 20_000, env: { PATH: env.PATH, ...settings } })
}

describe('ops/engine', () => {
  it.each([
    [['--frobnicate'], 'there is no option --frobnicate'],
    [['--arch', 'vax'], "there is no architecture 'vax'"],
    [['--arch'], 'wants a value'],
    [['../../etc'], "'../../etc' is no name of a suite"],
    [['trixie', '--dir', 'here'], "'here' is no absolute path"],
  ])('refuses %j with exit code 2, and says why', (words, reason) => {
    const run = engine(words)
    expect(run).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(reason) })
  })

  it('says what to do when its folder cannot be made', () => {
    const run = engine(['trixie'], { RETRACE_ENGINE_DIR: '/proc/engines' })
    expect(run.status).toBe(1)
    expect(run.stderr).toMatch(/^engine: \/proc\/engines cannot be written to: run this as root, or give another/)
  })

  it('ops/engine --help says how it is used', () => {
    expect(engine(['--help']).stdout).toContain('usage: ops/engine [SUITE]')
  })
})
