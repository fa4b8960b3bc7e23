import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSources } from '../../../src/packages/deb/sources_file.ts'
import { installationRoot } from '../../../src/program.ts'

const FOLDER = join(installationRoot(), 'ops/repos.d')

describe('ops/repos.d', () => {
  const samples = readdirSync(FOLDER).filter((name) => name.endsWith('.sources.sample'))

  it('holds samples for Debian with its debug archive, and Ubuntu with ddebs', () => {
    expect(samples).toEqual(['debian.sources.sample', 'ubuntu.sources.sample'])
  })

  it.each(samples)('%s is read without a warning', (name) => {
    const { repositories, warnings } = readSources(name, readFileSync(join(FOLDER, name), 'utf8'))
    expect(warnings).toEqual([])
    expect(repositories.some(({ uri }) => /debug|ddebs/.test(uri))).toBe(true)
  })
})
