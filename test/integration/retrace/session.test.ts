/** Conversations with a real gdb that hangs, dies, eats memory or talks nonsense. */
import { existsSync } from 'node:fs'
import { kill } from 'node:process'
import { describe, expect, it } from 'vitest'
import { processTree } from '../../../src/process/memory.ts'
import { emptySession } from '../../helpers/retrace.ts'

const python = (code: string) => `-interpreter-exec console ${JSON.stringify(`python ${code}`)}`

describe('a session', () => {
  it('answers each command on its own, a failing one too', async () => {
    await using session = await emptySession()
    expect(await session.command('-no-such-command', 20_000)).toMatchObject({ kind: 'error' })
    const answer = await session.command(python('print(\'Grüße \\\\ "x"\')'), 20_000)
    expect(answer).toMatchObject({ kind: 'done', console: 'Grüße \\ "x"\n' })
    expect(await session.command('-gdb-show confirm', 20_000)).toMatchObject({ results: { value: 'off' } })
  })

  it('brings what a question of retrace.py says, and its error', async () => {
    await using session = await emptySession()
    const shown = await session.ask('text', ['show confirm'], 20_000)
    expect(shown).toMatchObject({
      kind: 'done',
      data: [{ text: 'Whether to confirm potentially dangerous operations is off.\n' }],
    })
    expect(await session.ask('text', ['frobnicate'], 20_000)).toMatchObject({
      kind: 'error',
      message: 'Undefined command: "frobnicate". Try "help".',
      data: [],
    })
    expect(await session.ask('no_question', [], 20_000)).toMatchObject({ kind: 'error' })
  })

  it('interrupts a command that takes too long, and goes on with the next', async () => {
    await using session = await emptySession()
    await session.command('-gdb-version', 20_000)
    expect(await session.command(python('exec("while True: pass")'), 300)).toMatchObject({ kind: 'interrupted' })
    expect(await session.command(python("print('alive')"), 20_000)).toMatchObject({ kind: 'done', console: 'alive\n' })
  })

  it('ends a gdb that cannot be interrupted, with all that runs inside', async () => {
    await using session = await emptySession()
    await session.command('-gdb-version', 20_000)
    const pids = processTree(session.pid ?? 0)
    const stubborn = python('exec("import time\\nwhile True:\\n try: time.sleep(9)\\n except BaseException: pass")')
    const answer = await session.command(stubborn, 300)
    expect(answer).toMatchObject({ kind: 'ended', end: { kind: 'timeout' } })
    expect(await session.command('-gdb-version', 20_000)).toMatchObject({ kind: 'ended' })
    await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}/exe`))).toEqual([])
  })

  it('calls it a time-out when gdb dies of being interrupted', async () => {
    await using session = await emptySession()
    await session.command('-gdb-version', 20_000)
    const brittle = python('exec("import os, time\\ntry: time.sleep(30)\\nexcept BaseException: os._exit(130)")')
    expect(await session.command(brittle, 300)).toMatchObject({
      kind: 'ended',
      end: { kind: 'timeout', detail: expect.stringMatching(/^gdb did not answer within 0\.3 s/) },
    })
  })

  it('hears parameters of any length whole, and of no other question', async () => {
    await using session = await emptySession()
    const long = 'x'.repeat(300_000)
    expect(await session.ask('text', [`echo ${long}`], 20_000)).toMatchObject({ kind: 'done', data: [{ text: long }] })
    // As a question leaves it that was interrupted before it had heard its own, or while it heard it.
    await session.command(python('heard.extend(b\'[1,"echo old"]\\n[2,"echo ha\')'), 20_000)
    expect(await session.ask('text', ['echo new'], 20_000)).toMatchObject({ kind: 'done', data: [{ text: 'new' }] })
  })

  it('says so when gdb ends by itself', async () => {
    await using session = await emptySession()
    await session.command('-gdb-version', 20_000)
    const gdb = processTree(session.pid ?? 0)[2] ?? 0
    const answer = session.command(python('exec("import time; time.sleep(30)")'), 20_000)
    kill(gdb, 'SIGKILL')
    expect(await answer).toMatchObject({ kind: 'ended', end: { kind: 'exit' } })
    expect(session.pid).toBeUndefined() // the number can be another's by now
  })

  it('ends a gdb that takes more memory than it may', async () => {
    await using session = await emptySession({ memoryMb: 150 })
    const answer = await session.command(
      python('exec("x = b\'x\' * (400 << 20)\\nimport time; time.sleep(30)")'),
      20_000,
    )
    expect(answer).toMatchObject({
      kind: 'ended',
      end: { kind: 'memory', detail: expect.stringMatching(/limit of 150 MB/) },
    })
    expect(session.peakMb).toBeGreaterThan(150)
  })

  it.each([
    ['a line without end', "os.write(1, b'~' * (3 << 20))", 'overflow'],
    ['a message without end', "os.write(3, b'1' * (3 << 20))", 'overflow'],
    [
      'messages without number',
      "[os.write(3, b'[' + b'1' * 500000 + b']' + bytes([10])) for i in range(20)]",
      'overflow',
    ],
    ['a message that is no JSON', "os.write(3, b'{]' + bytes([10]))", 'garbled'],
    ['a line that is no record', "os.write(1, bytes([10]) + b'hello' + bytes([10]))", 'garbled'],
  ])('ends when gdb sends %s', async (_, code, kind) => {
    await using session = await emptySession()
    const answer = await session.command(
      python(`exec(${JSON.stringify(`import os, time\n${code}\ntime.sleep(30)`)})`),
      20_000,
    )
    expect(answer).toMatchObject({ kind: 'ended', end: { kind } })
  })
})
