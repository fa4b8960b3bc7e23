import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSources } from '../../../src/packages/deb/sources_file.ts'
import { readRepoFile } from '../../../src/packages/rpm/repo_file.ts'
import { installationRoot } from '../../../src/program/program.ts'

const FOLDER = join(installationRoot(), 'ops/repos.d')

describe('ops/repos.d', () => {
  const samples = readdirSync(FOLDER).filter((name) => name.endsWith('.sources.sample'))

  it('holds samples for Debian with its debug archive, and Ubuntu with ddebs', () => {
    expect(samples).toEqual(['debian.sources.sample', 'ubuntu.sources.sample'])
  })

  it('holds samples for Fedora with Rawhide, CentOS Stream, and RHEL with client certificates', () => {
    const read = readdirSync(FOLDER).filter((name) => name.endsWith('.repo.sample')).map((name) => {
      const { repositories, warnings } = readRepoFile(name, readFileSync(join(FOLDER, name), 'utf8'))
      expect(warnings).toEqual([])
      expect(repositories.some(({ suite }) => suite.includes('debug'))).toBe(true)
      expect(repositories.every(({ uri }) => !uri.includes('$'))).toBe(true)
      return repositories
    })
    const all = read.flat()
    expect(new Set(all.map(({ release }) => release))).toEqual(
      new Set(['centos-9', 'fedora-40', 'fedora-rawhide', 'rhel-9']),
    )
    expect(all.filter(({ superseded }) => superseded === 'one-week').map(({ release }) => release))
      .toEqual(['fedora-rawhide', 'fedora-rawhide'])
    expect(all.filter(({ release }) => release === 'rhel-9').every(({ connection }) => connection.certFile)).toBe(true)
    expect(all.find(({ suite }) => suite === 'updates')?.uri)
      .toMatch(/\?repo=updates-released-f40&arch=x86_64$/)
  })

  it.each(samples)('reads the sample ops/repos.d/%s without a warning', (name) => {
    const { repositories, warnings } = readSources(name, readFileSync(join(FOLDER, name), 'utf8'))
    expect(warnings).toEqual([])
    expect(repositories.some(({ uri }) => /debug|ddebs/.test(uri))).toBe(true)
  })
})
