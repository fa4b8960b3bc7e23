/** `retrace` from a crash to its backtrace: the built program, a whole server with its real worker, real cores. */
import { Buffer } from 'node:buffer'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { crashPython, fixtureCore, run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retrace } from '../../helpers/retrace_client.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { makeWorld, type World } from '../packages/world.ts'

let folder: Folder
let world: World
let server: TestServer
let core: string
let to: string[]

beforeAll(async () => {
  folder = await temporaryFolder()
  core = crashPython(folder.path)
  // A distribution of one package, which holds all that was loaded.
  world = await makeWorld()
  using source = fileSource(core)
  const paths = readCore(source).modules.filter(({ kind }) => kind !== 'vdso').map(({ path }) => path)
  const files = Object.fromEntries(paths.map((path) => [path, { copy: path }]))
  world.repository.add({ name: 'everything', version: '1', files })
  world.repository.publish({})
  expect(await world.sync()).toBe(0)
  const { RETRACE_REPO_DIR = '', RETRACE_REPOS_D = '', RETRACE_DATABASE = '' } = world.environment
  server = await startServer({ settings: { RETRACE_REPO_DIR, RETRACE_REPOS_D, RETRACE_DATABASE } })
  writeFileSync(folder.file('ca.pem'), server.ca)
  to = ['--server', server.url.replace('127.0.0.1', 'localhost'), '--ca', folder.file('ca.pem')]
}, 120_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A home of its own. */
function home(name: string): string {
  mkdirSync(folder.file(name))
  return folder.file(name)
}

/** Ids of the tasks on the server. */
function tasks(): string[] {
  return existsSync(server.spool()) ? readdirSync(server.spool()).filter((name) => /^[0-9]+$/.test(name)) : []
}

describe('retrace', () => {
  it('sends a small part of the core, shows the crashed thread, and knows the task afterwards', async () => {
    const person = home('usual')
    const sent = await retrace(person, [...to, '--yes', core])
    expect(sent).toMatchObject({ code: 0 })
    expect(sent.stdout).toMatch(/^Thread 1 \(LWP \d+\), which crashed:\n {2}#0 /m)
    expect(sent.stderr).toMatch(
      /^python3\.11 \(.*amd64\) was killed by SIGSEGV, \d+ seconds? ago: 1 thread, \d+ modules$/m,
    )
    expect(sent.stderr).toMatch(/^to https:\/\/\S+: [0-9.]+ (K|M)B of the core's [0-9.]+ MB: registers, stacks, /m)
    const [, id = ''] = /^Task (\d+): 'retrace show \1'/m.exec(sent.stderr) ?? []
    expect(statSync(join(person, '.local/state/retrace/tasks')).mode & 0o777).toBe(0o600)
    expect((await retrace(person, ['list'])).stdout).toContain(`${id}  `)
    const ca = to.slice(2)
    expect((await retrace(person, ['show', id, ...ca])).stdout).toBe(sent.stdout)
    expect((await retrace(person, ['show', id, '--full', ...ca])).stdout.length).toBeGreaterThanOrEqual(
      sent.stdout.length,
    )
    expect((await retrace(person, ['show', id, '--markdown', ...ca])).stdout).toContain('### Crashed thread')
    expect((await retrace(person, ['status', id, ...ca])).stdout).toContain('python3.11')
    expect((await retrace(person, ['log', id, ...ca])).stdout).toContain('read: core of /usr/bin/python3.11')
    expect((await retrace(person, ['show', id, ...ca, '-o', folder.file('report')])).code).toBe(0)
    expect(readFileSync(folder.file('report'), 'utf8')).toBe(sent.stdout)
    expect(await retrace(person, ['show', id, ...ca, '-o', folder.file('report')])).toMatchObject({
      code: 2,
      stdout: '',
    })
    expect((await retrace(person, ['delete', id, ...ca])).stdout).toBe(`Task ${id} is deleted\n`)
    expect(tasks()).not.toContain(id)
    expect((await retrace(person, ['list'])).stdout).toBe('No task was sent from here\n')
    expect(readdirSync(person)).toEqual(['.local'])
  }, 120_000)

  it('gets the same answer for the slim core as for the whole one', async () => {
    const person = home('same')
    const answer = async (more: string[]) => {
      const { stdout } = await retrace(person, [...to, '--yes', '--quiet', '--json', ...more, core])
      const { threads, modules, signal, sentence } = JSON.parse(stdout)
      // The end of a module's last page is known from the list of files alone.
      return { threads, signal, sentence, modules: modules.map(({ end: _, ...rest }: { end: string }) => rest) }
    }
    const [slim, full] = [await answer([]), await answer(['--full-core'])]
    expect(full.threads[0].frames.length).toBeGreaterThan(3)
    expect(slim).toEqual(full)
  }, 120_000)

  it('sends no value where that is asked, and shows the same frames', async () => {
    const person = home('values')
    const answer = async (...more: string[]) => {
      const { stdout } = await retrace(person, [...to, '--yes', '--quiet', '--json', ...more, core])
      return { text: stdout, ...JSON.parse(stdout) }
    }
    const [usual, without] = [await answer(), await answer('--no-values')]
    const frames = ({ threads }: { threads: { frames: { function: string; line: number }[] }[] }) =>
      threads.map((thread) => thread.frames.map((each) => [each.function, each.line]))
    expect(frames(without)).toEqual(frames(usual))
    expect([usual.text.includes('string_at(0)'), without.text.includes('string_at(0)')]).toEqual([true, false])
    expect(without.core).toMatchObject({ values_kept_back: true, command_line: '<kept back by the sender>' })
    expect(await retrace(person, [...to, '--yes', '--no-values', '--full-core', core])).toMatchObject({ code: 2 })
  }, 120_000)

  it('sends nothing without a terminal to ask on and without --yes', async () => {
    const before = tasks()
    expect(await retrace(home('asked'), [...to, core])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('nothing was sent; --yes sends without asking'),
    })
    expect(tasks()).toEqual(before)
  })

  it('takes the core of another machine without saying what this one is', async () => {
    const { core: other } = fixtureCore('arm64', folder.path)
    const sent = await retrace(home('other'), [...to, '--yes', '--quiet', other])
    expect(sent.stderr).toContain('crash (arm64) was killed by SIGSEGV')
    const [id = ''] = tasks().toSorted((a, b) => Number(b) - Number(a))
    expect(readFileSync(server.spool(id, 'manifest'), 'utf8').trim()).toBe('bare')
    expect([0, 1]).toContain(sent.code)
  }, 120_000)

  it('believes no certificate that nobody it knows has signed, and says what to do', async () => {
    const { code, stderr } = await retrace(home('tls'), [...to.slice(0, 2), '--yes', core])
    expect(code).toBe(1)
    expect(stderr).toContain('name whoever signed it with --ca FILE')
    const { stderr: warned } = await retrace(home('insecure'), [...to.slice(0, 2), '--insecure', core])
    expect(warned).toContain('any certificate is believed')
  })

  it('reads server and certificates from a file, and says what is wrong in it', async () => {
    const person = home('file')
    mkdirSync(join(person, '.config/retrace'), { recursive: true })
    const path = join(person, '.config/retrace/config')
    writeFileSync(path, `# mine\nserver = ${to[1]}\nca = ${to[3]}\n`)
    expect(await retrace(person, [core])).toMatchObject({ code: 3 })
    writeFileSync(path, 'sever = x\n')
    expect(await retrace(person, [core])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('config, line 1: '),
    })
  })
})

describe('what retrace takes', () => {
  it('is a core that was packed, from standard input, in a problem directory, or in a report', async () => {
    const person = home('forms')
    const bytes = readFileSync(core)
    writeFileSync(folder.file('core.gz'), gzipSync(bytes, { level: 1 }))
    for (
      const [name, words] of [['core.xz', ['xz', '-0', '-c', core]], ['core.zst', ['zstd', '-q', '-c', core]]] as const
    ) {
      writeFileSync(folder.file(name), run(words[0], words.slice(1)).stdout)
    }
    mkdirSync(folder.file('problem'))
    copyFileSync(core, folder.file('problem', 'coredump'))
    const packed = gzipSync(bytes, { level: 1 })
    const lines = [packed.subarray(0, 10), packed.subarray(10, 500_000), packed.subarray(500_000)]
    const report = `ProblemType: Crash\nCoreDump: base64\n${
      lines.map((each) => ` ${Buffer.from(each).toString('base64')}\n`).join('')
    }Date: today\n`
    writeFileSync(folder.file('python.crash'), report)
    const plain = (await retrace(person, ['--show', core])).stdout
    expect(plain).toMatch(/^packages:\n {2}python3\.11-minimal_\S+_amd64$/m)
    expect(plain).toMatch(/^note CORE, type 0x1: 336 bytes$/m)
    expect(plain).not.toContain(folder.path)
    for (const name of ['core.gz', 'core.xz', 'core.zst', 'problem', 'python.crash']) {
      expect([name, (await retrace(person, ['--show', folder.file(name)])).stdout]).toEqual([name, plain])
    }
    expect((await retrace(person, ['--show', '-'], { input: bytes })).stdout).toBe(plain)
    expect(readdirSync(person)).toEqual([])
  }, 120_000)

  it('is nothing else: each broken file gets a sentence, and nothing is sent', async () => {
    const person = home('broken')
    const before = tasks()
    const whole = readFileSync(core)
    const broken: Record<string, Uint8Array> = {
      empty: new Uint8Array(0),
      text: Buffer.from('hello\n'),
      half: whole.subarray(0, 100),
      zip: Buffer.from('PK\x03\x04 and more'),
      'cut.gz': gzipSync(whole.subarray(0, 100_000)).subarray(0, 5000),
      'cut.crash': Buffer.from('ProblemType: Crash\nCoreDump: base64\n AAAA\n'),
      'none.crash': Buffer.from('ProblemType: Crash\n'),
      program: readFileSync('/usr/bin/true'),
      'evil\u001b[31m': Buffer.from('x'),
    }
    for (const [name, bytes] of Object.entries(broken)) {
      writeFileSync(folder.file(name), bytes)
      const { code, stdout, stderr } = await retrace(person, [...to, '--yes', folder.file(name)])
      expect([name, code === 1 || code === 2, stdout, stderr.trim().split('\n').length]).toEqual([name, true, '', 1])
      expect(stderr).not.toContain('\u001b')
    }
    const missing = await retrace(person, [...to, '--yes', folder.file('is-not-there')])
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not there; the kernel writes cores as'),
    })
    expect(tasks()).toEqual(before)
  }, 120_000)
})
