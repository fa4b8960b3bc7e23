/** The life of a program, on real ones: shells and their children. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { env, execPath, getuid } from 'node:process'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ProgramError } from '../../../src/process/error.ts'
import { gathered } from '../../../src/process/gather.ts'
import { startInside } from '../../../src/process/inside.ts'
import { type OutsideOptions, startOutside } from '../../../src/process/outside.ts'
import { statOf } from '../../../src/process/proc.ts'
import { endGroup, endOrphans, endProcess } from '../../../src/process/signals.ts'
import type { Running } from '../../../src/process/start.ts'
import { trialSandbox } from '../../../src/process/trial.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

function shell(script: string, options: OutsideOptions = {}): Running {
  return startOutside('abrt-retrace-worker', ['sh', '-c', script], options)
}

async function textOf(running: Running, pipe: Readable = running.output): Promise<string> {
  return new TextDecoder().decode(await gathered(running, pipe, 1 << 20))
}

/** Waits for a line with a process's number. */
async function pidFrom(running: Running): Promise<number> {
  const [line] = await once(running.output, 'data')
  return Number(String(line))
}

const isAlive = (pid: number) => !['Z', 'X', undefined].includes(stateOf(pid))

function stateOf(pid: number): string | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0]
}

describe('a program that ends by itself', () => {
  it('says its exit code, and throws its own words where it was to succeed', async () => {
    const running = shell('echo wrong >&2; exit 7')
    expect(await running.ended).toEqual({ code: 7, signal: null, failure: undefined, complaint: 'wrong' })
    await expect(running.succeeded()).rejects.toMatchObject({
      kind: 'failed',
      message: 'abrt-retrace-worker failed (7): wrong',
      complaint: 'wrong',
    })
  })

  it('says the signal that killed it', async () => {
    const running = shell('kill -SEGV $$')
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGSEGV', failure: undefined })
    await expect(running.succeeded()).rejects.toMatchObject({
      kind: 'killed',
      message: 'abrt-retrace-worker failed (SIGSEGV)',
    })
    // As bubblewrap and shells tell of it; a limit of its own is its own fault.
    await expect(shell('exit 137').succeeded()).rejects.toMatchObject({ kind: 'killed' })
    await expect(shell('kill -XCPU $$').succeeded()).rejects.toMatchObject({ kind: 'failed' })
  })

  it('takes with it what it has left behind in its group', async () => {
    const running = shell('sleep 600 >&- 2>&- & echo $!')
    const left = await pidFrom(running)
    await running.succeeded()
    await expect.poll(() => isAlive(left)).toBe(false)
  })

  it('sends nothing and changes nothing when a program is stopped that has ended by itself', async () => {
    const running = shell('exit 0')
    await running.ended
    expect(running.hasExited).toBe(true)
    running.stop()
    expect(await running.ended).toMatchObject({ code: 0, failure: undefined })
  })
})

describe('a program that cannot be started', () => {
  it('a program that cannot be started has ended at once, with the reason', async () => {
    const running = startOutside('abrt-retrace-worker', ['/nowhere/at-all'])
    expect(running.pid).toBeUndefined()
    running.stop()
    const { failure } = await running.ended
    expect(failure).toMatchObject({
      kind: 'not-started',
      message: '/nowhere/at-all cannot be started: is it installed?',
    })
  })

  it('says that it has no descriptor left for a program, and lets all its pipes lead nowhere', () => {
    const module = `file://${installationRoot()}/dist/src/process/outside.js`
    const script = `import { openSync } from 'node:fs'
      const { startOutside } = await import('${module}')
      try { for (;;) openSync('/dev/null') } catch {}
      const running = startOutside('abrt-retrace-worker', ['true'], { input: 'open', channels: 1 })
      running.input.end('x'); running.channels[0].end('x'); running.output.resume()
      const { failure } = await running.ended
      process.stdout.write(failure.kind + ': ' + failure.message)`
    const words = ['--nofile=64', execPath, '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync('prlimit', words, { encoding: 'utf8', timeout: 20_000 })
    expect({ stdout, stderr }).toEqual({ stdout: 'not-started: true cannot be started (EMFILE)', stderr: '' })
  })

  it('tells a program that cannot be started from one that fails, also where others start it', async () => {
    const behind = startOutside('abrt-retrace-worker', ['/nowhere/at-all'], { diesWithUs: true })
    await expect(behind.succeeded()).rejects.toMatchObject({
      kind: 'not-started',
      message: expect.stringMatching(/^The start of abrt-retrace-worker does not work: setpriv: /),
    })
    const inside = await startInside({ ...trialSandbox(), words: ['/nowhere/at-all'] })
    await expect(inside.succeeded()).rejects.toMatchObject({
      kind: 'not-started',
      message: expect.stringMatching(/^The sandbox of cat does not work: bwrap: /),
    })
  })
})

describe('a program that is ended', () => {
  it('goes with its whole group when it is stopped, and says so', async () => {
    const running = shell('sleep 600 & echo $!; wait')
    const child = await pidFrom(running)
    expect(isAlive(child)).toBe(true)
    running.stop()
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGKILL', failure: { kind: 'stopped' } })
    await expect.poll(() => isAlive(child)).toBe(false)
  })

  it('goes after its time limit, and the reason is the limit', async () => {
    const running = shell('sleep 600', { timeoutMs: 50 })
    await expect(running.succeeded()).rejects.toMatchObject({
      kind: 'timeout',
      message: 'abrt-retrace-worker took longer than 0.05 s',
    })
  })

  it('goes when its caller gives up, before it was started, too', async () => {
    const late = new AbortController()
    const running = shell('sleep 600', { signal: late.signal })
    late.abort()
    await expect(running.succeeded()).rejects.toMatchObject({ kind: 'stopped' })
    await expect(shell('sleep 600', { signal: AbortSignal.abort() }).succeeded()).rejects.toMatchObject({
      kind: 'stopped',
    })
  })

  it('keeps the first of several reasons', async () => {
    const running = shell('sleep 600')
    running.stop(new ProgramError('too-much', 'first'))
    running.stop(new ProgramError('timeout', 'second'))
    await expect(running.succeeded()).rejects.toThrow('first')
  })

  it('goes when it is disposed of, whether its output was read or not', async () => {
    let pid = 0
    {
      await using running = shell('yes')
      pid = running.pid ?? 0
      expect(isAlive(pid)).toBe(true)
    }
    expect(isAlive(pid)).toBe(false)
  })

  it('goes when what it is fed breaks off', async () => {
    const input = new Readable({
      read() {
        this.destroy(new Error('the line was cut'))
      },
    })
    await expect(shell('cat', { input }).succeeded()).rejects.toMatchObject({
      kind: 'input',
      message: 'the line was cut',
    })
  })

  it('goes when it writes more than its caller takes', async () => {
    const running = shell('yes')
    const output = await gathered(running, running.output, 10_000)
    expect(output.length).toBeLessThanOrEqual(10_000)
    await expect(running.succeeded()).rejects.toMatchObject({ kind: 'too-much' })
  })
})

describe('what a program is given', () => {
  it('gives a program an environment of two variables, or ours where it answers to the administrator', async () => {
    const names = (text: string) => text.trim().split('\n').map((line) => line.split('=')[0]).sort()
    const plain = startOutside('abrt-retrace-worker', ['env'])
    expect(names(await textOf(plain))).toEqual(['LC_ALL', 'PATH'])
    const inherited = startOutside('abrt-retrace-worker', ['env'], { environment: 'inherited' })
    expect(names(await textOf(inherited))).toEqual(expect.arrayContaining(Object.keys(env).slice(0, 3)))
  })

  it('gives a program the root as working directory, and a process group and session of its own', async () => {
    const running = shell('pwd; read line', { input: 'open' })
    await once(running.output, 'data')
    expect(statOf(running.pid ?? 0)?.group).toBe(running.pid)
    running.input.end('\n')
    expect((await running.ended).code).toBe(0)
    const place = shell('pwd')
    expect(await textOf(place)).toBe('/\n')
  })

  it('gives a program an empty input, a stream, an open file, or what is written to it', async () => {
    expect(await textOf(shell('cat'))).toBe('')
    expect(await textOf(shell('cat', { input: Readable.from([new TextEncoder().encode('streamed')]) }))).toBe(
      'streamed',
    )
    const file = openSync('/etc/hostname', 'r')
    const read = textOf(shell('cat', { input: file }))
    closeSync(file)
    expect(await read).toBe(readFileSync('/etc/hostname', 'utf8'))
    const open = shell('cat', { input: 'open' })
    open.input.end('written')
    expect(await textOf(open)).toBe('written')
  })

  it('gives a program a file for both its outputs, which it writes without us', async () => {
    await using folder = await temporaryFolder()
    const file = openSync(folder.file('log'), 'a')
    const running = shell('echo one; echo two >&2', { output: file })
    closeSync(file)
    await running.succeeded()
    expect(readFileSync(folder.file('log'), 'utf8')).toBe('one\ntwo\n')
    expect(await textOf(running)).toBe('')
  })

  it('gives a program as many pipes as were asked for, from descriptor 3 on', async () => {
    const running = shell('echo three >&3; cat <&4 >&2', { channels: 2 })
    running.channels[1]?.end('four')
    expect(await textOf(running, running.channels[0])).toBe('three\n')
    expect(running.complaint).toBe('four')
  })
})

describe('what a program complains', () => {
  it('keeps the beginning and the end of what a program complains, however long it is', async () => {
    const running = shell('echo begins >&2; yes | head -c 3000000 >&2; echo ends >&2; exit 1')
    const { complaint } = await running.ended
    expect(complaint.length).toBeLessThan(7000)
    expect(complaint).toMatch(/^begins\n(y\n)+/)
    expect(complaint).toMatch(/\n\[\.\.\.\]\n/)
    expect(complaint).toMatch(/(y\n)+ends$/)
  })

  it('keeps a short complaint whole, in any pieces', async () => {
    const running = shell("printf 'Gr\\303' >&2; sleep 0.1; printf '\\274\\303\\237e' >&2")
    expect((await running.ended).complaint).toBe('Grüße')
  })
})

describe('a signal', () => {
  it('finds nothing where a process has ended, and that is no fault', async () => {
    const running = shell('exit 0')
    await running.ended
    expect(endProcess(running.pid ?? 0)).toBe(false)
    expect(endGroup(running.pid ?? 0)).toBe(false)
  })

  it('sends no signal to a group whose number belongs to a process that we did not start', async () => {
    const stranger = spawn('sleep', ['600'], { detached: true })
    try {
      expect(endOrphans(stranger.pid ?? 0)).toBe(false)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(isAlive(stranger.pid ?? 0)).toBe(true)
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  it.skipIf(getuid?.() !== 0)('says that a signal was refused, and does not take it for an end', async () => {
    const ours = spawn('sleep', ['600'])
    const module = `file://${installationRoot()}/dist/src/process/signals.js`
    const script = `import('${module}').then(({ endProcess }) => endProcess(${ours.pid}))
      .catch(({ kind, message }) => console.log(kind, message))`
    try {
      const nobody = spawn('setpriv', ['--reuid=65534', '--clear-groups', execPath, '-e', script])
      const [said] = await once(nobody.stdout, 'data')
      expect(String(said)).toBe(`not-ended SIGKILL to process ${ours.pid} was refused (EPERM)\n`)
      expect(isAlive(ours.pid ?? 0)).toBe(true)
    } finally {
      ours.kill('SIGKILL')
    }
  })
})
