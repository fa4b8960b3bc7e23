/** The profiles of ops/apparmor: compiled by this machine's parser, and held against the tables of programs. Enforced: npm run vm. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INSIDE, OUTSIDE } from '../../src/process/programs.ts'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'

const SOURCES = join(installationRoot(), 'ops', 'apparmor')
const said = spawnSync('apparmor_parser', ['--version'], { encoding: 'utf8' }).stdout
const version = Number(/version (\d+)/.exec(said ?? '')?.[1])
const without = Number.isNaN(version) ? ' (skipped: there is no apparmor_parser here, see ops/lib/policy-packages)' : ''
const isOld = version >= 4 ? '' : ` (skipped: the parser here is ${version || 'none'}, not 4)`

let folder: Folder
beforeAll(async () => {
  folder = await temporaryFolder()
  execFileSync(join(SOURCES, 'load'), ['--to', folder.path], { env: { ...process.env, PREFIX: '/usr' } })
})
afterAll(() => folder[Symbol.asyncDispose]())

function parser(...words: string[]) {
  const all = [
    '--skip-kernel-load',
    '--skip-cache',
    '--kernel-features',
    '/etc/apparmor.d/abi/3.0',
    '-I',
    folder.path,
    '-I',
    '/etc/apparmor.d',
    ...words,
  ]
  return spawnSync('apparmor_parser', all, { encoding: 'utf8' })
}

/** The rules of a profile, with what it includes of ours. */
function rulesOf(name: string): string[] {
  const all = readFileSync(join(folder.path, 'abrt-retrace.d/profiles'), 'utf8')
  const body = new RegExp(`\\n *profile ${name} [^{]*\\{\\n([^]*?)\\n *\\}\\n`).exec(all)?.[1] ?? ''
  return expanded(body)
}

function expanded(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const part = /^include <abrt-retrace\.d\/([\w-]+)>$/.exec(line)?.[1]
      return part === undefined ? [line] : expanded(readFileSync(join(folder.path, 'abrt-retrace.d', part), 'utf8'))
    })
}

/** What a variable of the places holds. */
function place(name: string): string[] {
  const text = readFileSync(join(folder.path, 'abrt-retrace.d/places'), 'utf8')
  return new RegExp(`^@\\{${name}\\}=(.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? []
}

describe('the AppArmor profiles', () => {
  it.skipIf(without)(`compile, without a warning${without}`, () => {
    const { status, stderr } = parser('--warn=all', '--debug-cache', join(folder.path, 'abrt-retrace'))
    const warnings = stderr.split('\n').filter((line) => /warn|error/i.test(line) && !/interface file/.test(line))
    expect([status, warnings]).toEqual([0, []])
  })

  it.skipIf(without)(`are those that the units name, and those that profiles are added by${without}`, () => {
    const names = parser('--names', join(folder.path, 'abrt-retrace')).stdout.trim().split('\n').sort()
    const inside = ['debugger', 'decoder', 'opener', 'verifier'].map((each) => `abrt-retrace-wall//${each}`)
    const units = ['abrt-retrace-server', 'abrt-reposync', 'abrt-retrace-clean'].map((unit) =>
      /^AppArmorProfile=-(.*)$/m.exec(readFileSync(join(SOURCES, `../systemd/${unit}.service`), 'utf8'))?.[1] ?? ''
    )
    expect(names).toEqual([...units, 'abrt-retrace-worker', 'abrt-retrace-wall', ...inside].sort())
    const added = [...readFileSync(join(folder.path, 'abrt-retrace.d/profiles'), 'utf8').matchAll(/^ .*-> &(\S+),/gm)]
    expect(added.map(([, name = '']) => name).filter((name) => !names.includes(name))).toEqual([])
  })

  it.skipIf(isOld)(`compile with a rule for user namespaces${isOld}`, () => {
    execFileSync('cp', [join(SOURCES, 'userns-4.0'), join(folder.path, 'abrt-retrace.d/userns')])
    const { status, stderr } = parser(join(SOURCES, 'abrt-retrace-4.0'))
    execFileSync('rm', [join(folder.path, 'abrt-retrace.d/userns')])
    expect([status, stderr]).toEqual([0, ''])
  })

  it('let every program run that is in the tables, and behind the wall by a profile of its own', () => {
    const inside = ['DEBUGGERS', 'DECODERS', 'VERIFIERS', 'OPENERS'].flatMap((each) => place(`RETRACE_${each}`))
    const paths = (name: string) => name === 'qemu-user' ? '/qemu' : `/usr/bin/${name}`
    expect(inside.sort()).toEqual(Object.keys(INSIDE).map(paths).sort())
    const work = expanded('include <abrt-retrace.d/work>').join('\n')
    const others = Object.keys(OUTSIDE).filter((name) => !inside.includes(`/usr/bin/${name}`))
    const named = `${work}\n${rulesOf('abrt-retrace-server').join('\n')}`.replace('qemu-*-static', 'qemu-s390x-static')
    expect(others.filter((name) => !new RegExp(`[/{,]${name}[,} ]`).test(named))).toEqual([])
  })

  it('let a debugger execute nothing, reach no network, mount nothing, and write in its own folders alone', () => {
    const rules = rulesOf('debugger')
    expect(rules.length).toBeGreaterThan(10)
    // It is looked at (readby), and looks at nobody.
    expect(rules.filter((rule) => !/^(\/|signal |ptrace readby )/.test(rule))).toEqual(['network unix stream,'])
    const files = rules.filter((rule) => rule.startsWith('/')).map((rule) => rule.replace(/,$/, '').split(' '))
    expect(files.filter(([, may = '']) => may.includes('x'))).toEqual([])
    const written = files.filter(([, may = '']) => /[wal]/.test(may)).map(([path]) => path)
    expect(written).toEqual(['/dev/{null,zero,urandom}', '/tmp/{,**}', '/new/{,**}'])
    expect(files.filter(([path = '']) => /^\/(var|proc|sys|home|root|run)\b/.test(path))).toEqual([])
  })

  it('have below each other all that a program may do which is started by another one', () => {
    const wall = rulesOf('abrt-retrace-wall').filter((rule) =>
      rule.startsWith('include') === false && !rule.includes(' cix ')
    )
    for (const wider of ['abrt-retrace-server', 'abrt-retrace-worker', 'abrt-reposync']) {
      const rules = rulesOf(wider)
      const lacks = wall.filter((rule) => !rules.includes(rule) && !/^(profile|\}|capability)/.test(rule))
      expect([wider, lacks]).toEqual([wider, []])
      expect(rules).toContain('capability,')
    }
  })
})
