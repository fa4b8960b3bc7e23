/**
 * Ruby, PHP, the JVM and Go of Debian 12, really crashed: which they are, what they ran, and what native frames are to them. It
 * is a script of its own since it fetches some hundred megabytes.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../helpers/foreign_root.ts'
import { retraceIn } from '../helpers/retrace.ts'

const LIBRARIES = ['libc6', 'zlib1g', 'libgcc-s1', 'libstdc++6', 'libcrypt1', 'libgmp10']
const RUBY =
  'def inner(n)\n  n == 0 ? Process.kill(:SEGV, Process.pid) : inner(n - 1)\n  sleep 1\nend\n[1].each { inner(3) }\n'
const PHP = '<?php function f($n) { if ($n) f($n - 1); else { posix_kill(getmypid(), 11); sleep(1); } } f(3);\n'
const GO = `package main
import "time"
type node struct{ next *node }
func walk(n *node, depth int) *node { if depth == 0 { return n.next.next }; return walk(n, depth-1) }
func main() { go walk(&node{}, 2); time.Sleep(time.Hour) }
`
const JVM = ['/usr/lib/jvm/java-17-openjdk-amd64', 'bin', 'java'].join('/')

let folder: Folder
let places = 0

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

async function crashed(
  names: string[],
  files: Record<string, string>,
  command: string[],
  prepare?: (root: string, place: string) => void,
) {
  const root = folder.file(`root${++places}`)
  const place = folder.file(`place${places}`)
  await makeForeignRoot(folder.path, root, { suite: 'bookworm', names: [...LIBRARIES, ...names] })
  mkdirSync(place)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
  prepare?.(root, place)
  const { json, text } = await retraceIn(crashInRoot(root, place, command), root)
  const roles = json.threads[0]?.frames.map(({ role }) => role) ?? []
  return { language: json.languages[0], roles, text, json }
}

describe('interpreters of Debian 12', () => {
  it('Ruby', async () => {
    const names = ['ruby3.1', 'libruby3.1', 'libyaml-0-2', 'libssl3', 'libffi8', 'libreadline8', 'libtinfo6']
    const { language, roles } = await crashed(names, { 'x.rb': RUBY }, ['/usr/bin/ruby3.1', '-W0', '/place/x.rb'])
    expect(language).toMatchObject({ language: 'ruby', version: '3.1.2', script: '/place/x.rb', stacks: [] })
    expect(roles).toEqual(expect.arrayContaining(['interpreter', 'runtime']))
  })

  it('PHP, which writes over its command line', async () => {
    const names = ['php8.2-cli', 'php8.2-common', 'libargon2-1', 'libedit2', 'libbsd0', 'libmd0', 'libtinfo6']
    const more = ['libxml2', 'libicu72', 'liblzma5', 'libpcre2-8-0', 'libsodium23', 'libssl3']
    const words = ['/usr/bin/php8.2', '-n', '-d', 'extension=posix', '/place/x.php']
    const { language, roles } = await crashed([...names, ...more], { 'x.php': PHP }, words)
    expect(language).toMatchObject({ language: 'php', version: '8.2', script: '/place/x.php' })
    expect(roles).toEqual(expect.arrayContaining(['interpreter', 'runtime']))
  })

  it('the JVM', async () => {
    const names = [
      'openjdk-17-jre-headless',
      'libfontconfig1',
      'libfreetype6',
      'libharfbuzz0b',
      'libjpeg62-turbo',
      'liblcms2-2',
    ]
    const words = [JVM, '-Xmx64m', '-cp', '/place', 'Crash', 'secret']
    const { language, roles, text } = await crashed(names, {}, words, (root, place) => {
      cpSync(join(installationRoot(), 'test/fixtures/crashes/Crash.class'), join(place, 'Crash.class'))
      mkdirSync(join(root, 'etc/java-17-openjdk'), { recursive: true })
    })
    expect(language).toMatchObject({ language: 'java', script: 'Crash' })
    expect(language?.version).toMatch(/^17\.\d.*Debian$/)
    expect(roles).toEqual(expect.arrayContaining(['interpreter', 'runtime']))
    expect(text).toContain('main class Crash\n')
  })

  it('Go, whose goroutine is told', async () => {
    const names = ['golang-1.19-go', 'golang-1.19-src']
    const { language, text } = await crashed(names, { 'x.go': GO }, ['/place/x'], (root, place) => {
      const words = [
        '--bind',
        root,
        '/',
        '--bind',
        place,
        '/place',
        '--proc',
        '/proc',
        '--dev',
        '/dev',
        '--tmpfs',
        '/tmp',
      ]
      const env = ['HOME', '/tmp', 'PATH', '/usr/bin', 'CGO_ENABLED', '0', 'GOROOT', '/usr/lib/go-1.19']
      const settings = env.flatMap((each, at) => at % 2 === 0 ? ['--setenv', each, env[at + 1] ?? ''] : [])
      const build = ['/usr/lib/go-1.19/bin/go', 'build', '-o', 'x', 'x.go']
      const run = spawnSync('bwrap', [...words, ...settings, '--chdir', '/place', ...build], { encoding: 'utf8' })
      if (run.status !== 0) throw new Error(run.stderr)
      mkdirSync(join(root, 'place'), { recursive: true })
      cpSync(join(place, 'x'), join(root, 'place/x'))
    })
    expect(language).toMatchObject({ language: 'go', path: '/place/x', missing: null })
    expect(language?.version).toMatch(/^go1\.19/)
    expect(text).toMatch(/^Goroutine \d+ is what thread 1 \(LWP \d+\), which crashed, runs$/m)
  })
})
