import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { accepts, lowest } from '../../helpers/node_range.ts'
import { sources } from '../../helpers/sources.ts'

interface Locked {
  dev?: boolean
  /** npm leaves it out where it does not fit. */
  optional?: boolean
  devOptional?: boolean
  engines?: { node?: string }
}

const text = (path: string) => readFileSync(join(installationRoot(), path), 'utf8')
const own = JSON.parse(text('package.json'))
const locked: Record<string, Locked> = JSON.parse(text('package-lock.json')).packages

/** What our own code calls, and since when Node has it. */
const CALLED = { 'zlib.crc32': '^20.15.0 || >=22.2.0' }

/** Dependencies that nothing imports yet. */
const FOR_LATER: Record<string, string> = {}

const needs: [name: string, range: string][] = [
  ...Object.entries(CALLED),
  ...Object.entries(locked).flatMap(([path, { dev, optional, devOptional, engines }]): [string, string][] =>
    path === '' || dev || optional || devOptional || engines?.node === undefined ? [] : [[path, engines.node]]
  ),
]

function refusing(version: string): string[] {
  return needs.filter(([, range]) => !accepts(range, version)).map(([name, range]) => `${name} needs ${range}`)
}

describe('the Node that package.json asks for', () => {
  const { node } = own.engines

  it('the Node of package.json is enough for our code and every package of production', () => {
    expect(needs.length).toBeGreaterThan(20)
    for (const version of [...lowest(node), '20.20.0', '22.23.0', '24.0.0', '26.0.0']) {
      expect([version, refusing(version)]).toEqual([version, []])
    }
  })

  it('the Node of package.json is not newer than our code and the packages need', () => {
    for (const version of ['20.18.0', '21.7.3', '22.1.0']) {
      expect([version, accepts(node, version)]).toEqual([version, false])
      expect([version, refusing(version)]).not.toEqual([version, []])
    }
  })

  it('the Node of package.json is the one that ops/setup asks for and the README names', () => {
    for (const version of lowest(node)) expect(text('ops/setup')).toContain(version)
    expect(text('README.md')).toContain(`Node ${lowest(node)[0]}`)
  })
})

describe('what package.json says besides', () => {
  it('the licence of package.json is the one whose text is here', () => {
    expect(own.license).toBe('GPL-2.0-or-later')
    expect(text('LICENSE')).toMatch(/^ +GNU GENERAL PUBLIC LICENSE\n +Version 2, June 1991/)
  })

  it('the public workflow tries versions of Node that package.json allows', () => {
    const tried = /node: \[(.*)\]/.exec(text('.github/workflows/ci.yml'))?.[1]?.split(', ') ?? []
    expect(tried).toEqual(['20', '22', '24'])
    expect(tried.filter((major) => !accepts(own.engines.node, `${major}.99.0`))).toEqual([])
  })
})

describe('the dependencies', () => {
  const code = sources('src', 'workers', 'schema')
  const all = [...code, ...sources('test')]
  const roots = (list: typeof all) => new Set(list.flatMap(({ packages }) => packages.filter(isPackage).map(packageOf)))
  const scripts = [
    ...Object.values<string>(own.scripts),
    ...['ops/setup', 'ops/test', 'ops/lib/build', 'ops/lib/man'].map(text),
  ].join('\n')

  it('each dependency is imported, or waits for what the design names', () => {
    const imported = roots(code)
    const idle = Object.keys(own.dependencies).filter((name) => !imported.has(name) && !(name in FOR_LATER))
    expect(idle).toEqual([])
    expect(Object.keys(FOR_LATER).filter((name) => imported.has(name))).toEqual([])
  })

  it('hold all that the programs import', () => {
    const imported = [...roots(code)].filter((name) => !name.startsWith('node:'))
    expect(imported.filter((name) => !(name in own.dependencies))).toEqual([])
  })

  it('each dependency of development is imported, started by a script, or the types of one that is', () => {
    const imported = roots(all)
    const idle = Object.keys(own.devDependencies).filter((name) => {
      const typed = /^@types\/(.*)$/.exec(name)?.[1]
      if (typed !== undefined) return typed !== 'node' && !(typed in own.dependencies)
      return !imported.has(name) && !new RegExp(`\\b${name === 'typescript' ? 'tsc' : name}\\b`).test(scripts)
    })
    expect(idle).toEqual([])
  })
})

describe('accepts()', () => {
  it.each([
    ['>=20', '20.0.0', true],
    ['>= 6', '5.9.9', false],
    ['^20.18.1 || >=22.2.0', '21.9.0', false],
    ['20.x || 22.x', '22.3.4', true],
    ['>=v12.22.7', '12.22.6', false],
    ['*', '1.0.0', true],
  ])('takes %s for %s: %s', (range, version, expected) => {
    expect(accepts(range, version)).toBe(expected)
  })
})

/** What follows `from` in a source may be no import at all. */
function isPackage(specifier: string): boolean {
  return /^(?:node:|@[\w-]+\/)?[a-z][\w./-]*$/.test(specifier)
}

/** `drizzle-orm/sqlite-core` -> `drizzle-orm`. */
function packageOf(specifier: string): string {
  return specifier.startsWith('node:') ? specifier : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
