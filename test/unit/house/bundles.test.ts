/** Every program is started as one file: hundreds of modules cost each start, and memory as long as it runs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

const OPS = join(installationRoot(), 'ops')

describe('a program in ops/bin', () => {
  it.each(readdirSync(join(OPS, 'bin')))('%s starts the bundle of its name, which ops/lib/build makes', (name) => {
    const script = readFileSync(join(OPS, 'bin', name), 'utf8')
    expect(script).toMatch(new RegExp(`^program=\\$root/dist/bundle/${name}\\.c?js$`, 'm'))
    expect(readFileSync(join(OPS, 'lib', 'build'), 'utf8')).toMatch(new RegExp(`\\b${name}=dist\\.new/\\S+/main\\.js`))
  })
})
