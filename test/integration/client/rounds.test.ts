/** Memory that a slim core lacks, sent in further rounds: the built client, a whole server with its real worker, a real core. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retrace } from '../../helpers/retrace_client.ts'
import { type RoundsWorld, roundsWorld } from '../../helpers/rounds_world.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'

let folder: Folder
let world: RoundsWorld
let server: TestServer
let to: string[]

beforeAll(async () => {
  folder = await temporaryFolder()
  world = await roundsWorld(folder)
  server = await startServer({ settings: world.settings })
  writeFileSync(folder.file('ca.pem'), server.ca)
  to = ['--server', server.url.replace('127.0.0.1', 'localhost'), '--ca', folder.file('ca.pem'), '--yes', '--json']
}, 120_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

interface Variable {
  value: string
}

async function answer(name: string, core: string, ...more: string[]) {
  mkdirSync(folder.file(name))
  const { stdout, stderr } = await retrace(folder.file(name), [...to, ...more, core])
  const { threads, signal, sentence, instructions, registers } = JSON.parse(stdout) as {
    threads: { frames: { arguments: Variable[]; locals: Variable[] }[] }[]
    instructions: unknown[]
    registers: unknown
    signal: unknown
    sentence: string
  }
  const values = threads.flatMap(({ frames }) => frames.flatMap((each) => [...each.arguments, ...each.locals]))
  const [, id = ''] = /^Task (\d+):/m.exec(stderr) ?? []
  return {
    shown: { threads, signal, sentence, instructions, registers },
    unavailable: values.filter(({ value }) => value.includes('Cannot access memory')).length,
    log: readFileSync(server.spool(id, 'retrace-log'), 'utf8'),
    files: readdirSync(server.spool(id)),
    stderr,
  }
}

describe('a slim core of a small budget', () => {
  it(
    'gets the locals that it lacks in further rounds, equal to those of the full core, and none without them',
    async () => {
      const [full, lacking, filled] = await Promise.all([
        answer('full', world.core, '--full-core'),
        answer('lacking', world.core, '--budget', '0', '--rounds', '0'),
        answer('filled', world.core, '--budget', '0'),
      ])
      expect(lacking.unavailable).toBeGreaterThan(10)
      expect(lacking.log).not.toMatch(/^report: round/m)
      expect(filled.shown).toEqual(full.shown)
      expect([full.unavailable, filled.unavailable]).toEqual([0, 0])
      expect(filled.log).toMatch(/^report: round 1 of 3: \d+ bytes of memory that was missed can be sent$/m)
      expect(filled.log).toMatch(/^read: \d+ bytes of memory came that was missed before$/m)
      expect(filled.stderr).toMatch(/; at most 3 MB more, if the debugger misses some$/m)
      expect(filled.files).not.toEqual(expect.arrayContaining(['coredump']))
      expect(filled.files.filter((name) => /aside|wanted|memory|partial/.test(name))).toEqual([])
    },
    240_000,
  )

  it(
    'of many threads gets the texts of each and the code at the crash in one round; of another architecture it stays equal',
    async () => {
      const [full, lacking, filled, foreign, slim] = await Promise.all([
        answer('threaded-full', world.threaded, '--full-core'),
        answer('threaded-lacking', world.threaded, '--budget', '0', '--rounds', '0'),
        answer('threaded-filled', world.threaded, '--budget', '0', '--rounds', '1'),
        answer('foreign-full', world.foreign, '--full-core'),
        answer('foreign-slim', world.foreign, '--budget', '0'),
      ])
      expect(lacking.unavailable).toBeGreaterThan(20)
      expect([full.shown.instructions.length > 2, lacking.shown.instructions]).toEqual([true, []])
      expect([full.unavailable, filled.unavailable]).toEqual([0, 0])
      expect(filled.shown).toEqual(full.shown)
      expect(filled.log).toMatch(/^read: \d+ bytes of memory came that was missed before$/m)
      expect(slim.shown).toEqual(foreign.shown)
      expect(foreign.shown.threads).toHaveLength(3)
    },
    240_000,
  )
})
