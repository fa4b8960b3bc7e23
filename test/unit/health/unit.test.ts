import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { judgeUnits } from '../../../src/health/unit.ts'
import { installationRoot } from '../../../src/program/program.ts'

const units = (more = '') =>
  ['abrt-retrace-server', 'abrt-reposync', 'abrt-retrace-clean'].map((name) => ({
    name: `${name}.service`,
    text: `${readFileSync(join(installationRoot(), 'ops', 'systemd', `${name}.service`), 'utf8')}\n${more}`,
  }))

const judge = (settings: Record<string, string>, more?: string) =>
  judgeUnits(units(more), readConfig(['abrt-retrace-server', 'abrt-retrace-worker'], settings))

describe('the look at the units', () => {
  it('finds that ours let the defaults be used', () => expect(judge({}).verdict).toBe('ok'))

  it.each<[string, Record<string, string>]>([
    ['RETRACE_SPOOL_DIR', { RETRACE_SPOOL_DIR: '/srv/spool' }],
    ['RETRACE_REPO_DIR', { RETRACE_REPO_DIR: '/srv/repo' }],
    ['RETRACE_DATABASE', { RETRACE_DATABASE: '/srv/retrace.db' }],
    ['RETRACE_SPOOL_DIR', { RETRACE_SPOOL_DIR: '/var/spool/abrt-retrace2' }],
    ['RETRACE_TLS_CERT', { RETRACE_TLS_CERT: '/root/server.crt' }],
    ['RETRACE_REPOS_D', { RETRACE_REPOS_D: '/home/me/repos.d' }],
    ['RETRACE_ENGINE_DIR', { RETRACE_ENGINE_DIR: '/tmp/engines' }],
  ])('fails for what they keep from the programs: %s', (setting, settings) => {
    expect(judge(settings)).toMatchObject({
      verdict: 'FAIL',
      text: `the units of systemd keep the programs from ${setting}`,
    })
  })

  it('reads what a drop-in adds and takes back', () => {
    const settings = { RETRACE_SPOOL_DIR: '/srv/spool' }
    expect(judge(settings, 'ReadWritePaths=-/srv/other /srv\n').verdict).toBe('ok')
    expect(judge(settings, 'ReadWritePaths=/srv\nReadWritePaths=\n').verdict).toBe('FAIL')
    expect(judge(settings, 'ProtectSystem=full\n').verdict).toBe('ok')
    expect(judge({ RETRACE_TLS_CERT: '/root/server.crt' }, 'ProtectHome=no\n').verdict).toBe('ok')
  })
})
