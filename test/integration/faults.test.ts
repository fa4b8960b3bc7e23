/**
 * The table of faults: each is made, and what `--check`, the start, /readyz, an upload and the log say of it is
 * docs/trouble.md. After a change that is meant: `RETRACE_WRITE_DOCS=1 npx vitest run test/integration/faults.test.ts`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { installationRoot } from '../../src/program/program.ts'
import { designMembers, pack, tarOf } from '../helpers/archives.ts'
import { type Said, saidOf } from '../helpers/fault_said.ts'
import { type Fault, FAULTS } from '../helpers/faults.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const file = join(installationRoot(), 'docs', 'trouble.md')
const document = () => readFileSync(file, 'utf8')
const rows: string[] = []

let folder: Folder
beforeAll(async () => {
  folder = await temporaryFolder()
  writeFileSync(folder.file('upload.tar.xz'), pack('xz', tarOf(designMembers())))
})
afterAll(async () => {
  await folder[Symbol.asyncDispose]()
  if (env['RETRACE_WRITE_DOCS'] === '1') writeFileSync(file, withRows(document()))
})

/** In a mount namespace of its own, where something else stands in the places of programs. */
function inPlaceOf(programs: Readonly<Record<string, string>>, { what }: Fault): Said {
  const mounts = Object.entries(programs).map(([name, other]) => `mount --bind ${other} /usr/bin/${name}`).join(' && ')
  const script = join(installationRoot(), 'dist', 'test', 'helpers', 'fault_program.js')
  const words = [
    '--mount',
    'sh',
    '-c',
    `${mounts} && exec "$@"`,
    'sh',
    execPath,
    script,
    what,
    folder.file('upload.tar.xz'),
  ]
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8', timeout: 120_000 })
  if (!stdout.startsWith('{')) throw new Error(`${stdout}${stderr}`)
  return JSON.parse(stdout)
}

function lineOf({ what, check, start, readyz, upload, log }: Said): string {
  return `| ${[what, check, start, readyz, upload, log].join(' | ')} |`
}

/** Values of which one makes no sense, whatever a setting is. */
const NONSENSE = ['nonsense', 'not/absolute', '-1', '0.5', 'x=y=z', ' ']

function settingLine(name: string): string {
  for (const value of NONSENSE) {
    try {
      readConfig(PROGRAMS, { [name]: value })
    } catch (cause) {
      return `| ${(cause instanceof Error ? cause.message : String(cause)).replaceAll('|', '/')} |`
    }
  }
  return `| ${name}: every text can be one |`
}

function withRows(text: string): string {
  const [head = ''] = text.split('| fault |')
  const settings = Object.values(SETTINGS).map(({ name }) => settingLine(name))
  const table = ['| fault | `--check` | start | `/readyz` | upload | log |', '|---|---|---|---|---|---|', ...rows]
  return [
    head + table.join('\n'),
    '',
    '## Values that make no sense',
    '',
    'The start and every program end with exit code 2 and this sentence; `--check` says it and exits 1.',
    '',
    '| said |',
    '|---|',
    ...settings,
    '',
  ].join('\n')
}

describe('docs/trouble.md says what is said of', () => {
  it.each(FAULTS)('$what', async (fault) => {
    if (fault.mounts && !mountWorks) return console.log('Skipped: nothing can be mounted here')
    const body = readFileSync(folder.file('upload.tar.xz'))
    const said = fault.programs === undefined ? await saidOf(fault, body) : inPlaceOf(fault.programs, fault)
    const line = lineOf(said)
    rows.push(line)
    expect(env['RETRACE_WRITE_DOCS'] === '1' ? rows : document().split('\n')).toContain(line)
    // Whoever may upload is told of a fault by nobody else: a server that does not take it is not ready.
    if (said.upload.startsWith('50')) {
      expect([said.readyz, said.what]).toEqual([expect.stringContaining('FAIL'), said.what])
    }
    // A check that is content says that it starts and is ready.
    if (said.check === 'ok') expect([said.start, said.readyz]).toEqual(['starts', ''])
  }, 120_000)

  it.each(Object.values(SETTINGS).map(({ name }) => name))('nonsense in %s', (name) => {
    expect(env['RETRACE_WRITE_DOCS'] === '1' ? [settingLine(name)] : document().split('\n')).toContain(
      settingLine(name),
    )
  })
})
