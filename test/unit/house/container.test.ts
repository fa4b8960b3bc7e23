/** What the container is made of agrees with the unit, with ops/packages, and with what docs/container.md says. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

const path = (name: string) => join(installationRoot(), name)
const text = (name: string) => readFileSync(path(name), 'utf8')

describe('the container', () => {
  it.skipIf(!existsSync('/usr/bin/systemd-analyze'))(
    'allows the system calls that the unit allows, and no others',
    () => {
      expect(text('ops/container/seccomp.json')).toBe(execFileSync(path('ops/container/seccomp'), { encoding: 'utf8' }))
      const [{ names }] = JSON.parse(text('ops/container/seccomp.json')).syscalls
      expect(names).toEqual(
        expect.arrayContaining(['unshare', 'clone', 'mount', 'umount2', 'pivot_root', 'sethostname']),
      )
      for (const name of ['bpf', 'init_module', 'kexec_load', 'reboot', 'swapon']) expect(names).not.toContain(name)
    },
  )

  it('is run by compose.yaml as docs/container.md says, in the words of docker', () => {
    const compose = text('ops/container/compose.yaml')
    const asked = /^ {2}security_opt: \[(.*)\]$/m.exec(compose)?.[1]?.split(', ')
    expect(asked).toEqual([
      "'no-new-privileges:true'",
      "'seccomp=./seccomp.json'",
      "'apparmor=unconfined'",
      "'systempaths=unconfined'",
    ])
    expect(compose).toContain('cap_drop: [ALL]')
    for (const word of ['seccomp=ops/container/seccomp.json', 'systempaths=unconfined', 'apparmor=unconfined']) {
      expect(text('docs/container.md')).toContain(word)
    }
  })

  it('installs what ops/packages names for the programs, by the headings that ops/setup looks for', () => {
    for (const heading of ['# The programs:', '# npm ci', '# The demo']) {
      expect(text('ops/packages').match(new RegExp(`^${heading}`, 'gm'))).toHaveLength(1)
    }
    for (const option of ['--product', '--runtime']) {
      expect(text('ops/container/Containerfile')).toContain(`setup ${option}`)
    }
    expect(execFileSync(path('ops/setup'), ['--help'], { encoding: 'utf8' })).toMatch(/--product[\s\S]*--runtime/)
  })

  it('starts by a script that a shell can read', () => {
    expect(execFileSync('sh', ['-n', path('ops/container/start')], { encoding: 'utf8' })).toBe('')
  })
})
