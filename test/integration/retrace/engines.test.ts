/**
 * The order of engines, and each way down it: debuggers that cannot read the core, that die, that hang; and the real
 * gdb 16 and the real s390x gdb under qemu-user, where ops/engine has made them.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, hostEngine } from '../../../workers/retrace/gdb/engine.ts'
import { installedEngines } from '../../../workers/retrace/gdb/installed_engine.ts'
import { mergedLinks } from '../../../workers/retrace/sandbox/arguments.ts'
import { type FixtureCore, fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { ENGINE_DIR, programFrames, retraceIn, type RetraceOptions } from '../../helpers/retrace.ts'

let folder: Folder
let fixture: FixtureCore

beforeAll(async () => {
  folder = await temporaryFolder()
  fixture = fixtureCore('s390x', folder.path)
  fixtureFiles('s390x', folder.path)
})

afterAll(async () => await folder[Symbol.asyncDispose]())

const retrace = (options: RetraceOptions) => retraceIn(fixture.core, folder.path, options)

function good(): Engine {
  const engine = hostEngine('/usr/bin/gdb-multiarch')
  if (engine === undefined) throw new Error('There is no gdb-multiarch on this machine: run ops/setup')
  return engine
}

/** A debugger made of a line of shell; "$@" are gdb's arguments. */
function scripted(name: string, script: string): Engine {
  const usr = { from: '/usr', at: '/usr' }
  return {
    name,
    runsAs: 'amd64',
    command: ['/usr/bin/sh', '-c', script, name],
    sees: { binds: [usr], links: mergedLinks('', ['bin', 'lib', 'lib64']) },
    serves: () => true,
  }
}

describe('debugCore()', () => {
  it('passes over a gdb that takes the core for another architecture, though it answers', async () => {
    const plain = hostEngine('/usr/bin/gdb')
    if (plain === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
    const said: string[] = []
    const engines = [{ ...plain, serves: () => true }, good()]
    const { json, text } = await retrace({ engines, say: (line) => said.push(line) })
    expect(json.debugger.engine).toBe('gdb-multiarch')
    expect(json.debugger.passed_over).toEqual([expect.stringMatching(/^gdb does not understand this core: .*s390x/)])
    expect(said).toEqual([
      expect.stringMatching(/^passing over gdb does not/),
      expect.stringMatching(/^gdb-multiarch reads this core: gdb \d/),
    ])
    expect(programFrames(text)).toEqual(programFrames(fixture.expected))
  })

  it.each([
    ['dies at once', 'exit 3', /did not open this core: gdb ended by itself \(exit code 3\) \(it was at the program\)/],
    [
      'dies after the core was opened',
      'exec gdb-multiarch "$@" -iex "python answer_threads = lambda: os._exit(5)"',
      /5/,
    ],
    ['says nothing', 'trap "" INT; sleep 1000', /did not open this core: gdb did not answer within/],
    ['says nonsense', 'echo hello; sleep 1000', /did not open this core: Expected a record/],
  ])('asks the next one when an engine %s', async (_, script, why) => {
    const { json, text, debugged } = await retrace({ engines: [scripted('broken', script), good()], seconds: 20 })
    expect(json.debugger).toMatchObject({ engine: 'gdb-multiarch', passed_over: [expect.stringMatching(why)] })
    expect(debugged.end).toBeUndefined()
    expect(programFrames(text)).toEqual(programFrames(fixture.expected))
  })

  it('asks the next one for what an engine dies over, and when all do, is content with what came', async () => {
    const script = 'exec gdb-multiarch "$@" -iex "python answer_backtrace = lambda *a: os._exit(7)"'
    const { json, report } = await retrace({ engines: [scripted('fragile', script), good()] })
    expect(json.debugger).toMatchObject({
      engine: 'gdb-multiarch',
      passed_over: [expect.stringMatching(/^fragile did not come to its end: .*exit code 7/)],
    })
    expect(report.outcome.code).toBe('ok-partial')
    const alone = await retrace({ engines: [scripted('fragile', script), scripted('worse', 'exit 3')] })
    expect(alone.json.debugger).toMatchObject({
      engine: 'fragile',
      passed_over: [/fragile/, /worse/].map((name) => expect.stringMatching(name)),
    })
    expect(alone.json.threads[0]?.frames[0]).toMatchObject({
      function: 'level3',
      locals: expect.arrayContaining([expect.objectContaining({ name: 'local3' })]),
    })
    expect(alone.text).toMatch(/^ +local3 = 163$/m)
    expect(alone.report.outcome.code).toBe('ok-partial')
  })

  it('ends with all reasons when no engine understands the core', async () => {
    const { report } = await retrace({ engines: [scripted('one', 'exit 3'), scripted('two', 'exit 4')] })
    expect(report.hasBacktrace).toBe(false)
    expect(report.outcome.code).toBe('debugger-failed')
    expect(report.outcome.summary).toMatch(/exit code [34]/)
  })

  it('says that the server is unfit where there is no engine at all', async () => {
    const { report } = await retrace({ engines: [] })
    expect(report.outcome).toMatchObject({
      code: 'server-unfit',
      summary: expect.stringMatching(/gdb-multiarch is not installed/),
    })
  })
})

describe('installedEngines()', () => {
  it('takes whole folders only: the host architecture first, the newest gdb of it first, others under qemu', () => {
    const make = (name: string, gdb: string, version: string) => {
      mkdirSync(folder.file('engines', name, 'usr', 'bin'), { recursive: true })
      writeFileSync(folder.file('engines', name, 'usr', 'bin', gdb), '')
      writeFileSync(folder.file('engines', name, 'packages'), `${gdb}_${version}_any.deb\nlibc6_9.9_any.deb\n`)
    }
    make('bookworm-s390x', 'gdb', '13.1-3')
    make('bookworm-amd64', 'gdb-multiarch', '13.1-3')
    make('trixie-amd64', 'gdb-multiarch', '16.3-1')
    make('sid-amd64.new', 'gdb-multiarch', '17.1-1')
    make('sid-vax', 'gdb', '17.1-1')
    mkdirSync(folder.file('engines', 'half-amd64', 'usr'), { recursive: true })
    const found = installedEngines(folder.file('engines'), 'amd64')
    expect(found.map(({ name }) => name)).toEqual([
      'gdb-multiarch 16.3-1 of trixie',
      'gdb-multiarch 13.1-3 of bookworm',
      'gdb 13.1-3 of bookworm under qemu-s390x',
    ])
    expect(found[2]?.serves('s390x')).toBe(true)
    expect(found[2]?.serves('amd64')).toBe(false)
    expect(found[2]?.command).toEqual(['/qemu', '/usr/bin/gdb'])
    expect(installedEngines('/nonexistent', 'amd64')).toEqual([])
  })
})

describe('an engine of ops/engine', () => {
  it.each([
    ['trixie-amd64', 'ops/engine trixie', /^gdb-multiarch 16\..* of trixie$/, /^16\./],
    ['bookworm-s390x', 'ops/engine bookworm --arch s390x', / under qemu-s390x$/, /^13\./],
  ])('the engine of %s gives the same frames as the gdb of this machine', async (name, command, title, version) => {
    const engine = installedEngines(ENGINE_DIR, 'amd64').find((each) => title.test(each.name))
    if (engine === undefined) {
      console.warn(`skipped: ${ENGINE_DIR}/${name} is not there; make it with ${command}`)
      return expect(existsSync(`${ENGINE_DIR}/${name}/usr/bin/gdb`)).toBe(false)
    }
    const { json, text } = await retrace({ engines: [engine] })
    expect(json.debugger).toMatchObject({ passed_over: [], version: expect.stringMatching(version) })
    expect(programFrames(text)).toEqual(programFrames(fixture.expected))
    expect(json.threads[0]?.frames[0]?.locals).toContainEqual(expect.objectContaining({ name: 'local3', value: '163' }))
  })
})
