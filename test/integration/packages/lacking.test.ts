/** What this machine lacks while a package is opened says nothing about the package; what a package does to its opener does. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { debMembersSandbox } from '../../../src/packages/deb/members.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { asFetchError } from '../../../src/packages/format/program_failure.ts'
import { tarMembers } from '../../../src/packages/open/tar_members.ts'
import { networkError } from '../../../src/packages/transfer/refusal.ts'
import { startInside } from '../../../src/process/inside.ts'
import { lackingNow } from '../../../src/packages/format/means.ts'
import { Running } from '../../../src/process/start.ts'
import type { Limits } from '../../../src/process/wall.ts'
import { DebRepository } from '../../helpers/deb_repository.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { MIB } from '../../../src/units/bytes.ts'

/** How the members of a package come: their number, or the kind of the failure. */
async function opened(running: Running): Promise<number | string> {
  let members = 0
  try {
    for await (const member of tarMembers(running)) {
      members++
      member.body.resume()
    }
  } catch (error) {
    if (!(error instanceof FetchError)) throw error
    return error.kind
  }
  return members
}

const said = (script: string) => opened(new Running({ title: 'opener', words: ['sh', '-c', script] }, {}))

describe('a package whose opener', () => {
  it('has no process, or no memory, left is opened or tried again, and never taken for a bad one', async () => {
    await using folder = await temporaryFolder()
    using repository = new DebRepository(folder.path)
    const path = repository.add({ name: 'one', version: '1', files: { '/usr/bin/one': { bytes: 'x'.repeat(1000) } } })
    const sandbox = debMembersSandbox(`${repository.root}/${path}`)
    const open = async (less: Partial<Limits>) =>
      await opened(await startInside({ ...sandbox, limits: { ...sandbox.limits, ...less } }, { timeoutMs: 20_000 }))
    expect(await open({})).toBeGreaterThan(0)
    const few = await Promise.all([2, 3, 4].map((processes) => open({ processes })))
    const little = await Promise.all([4, 12, 16, 24].map((mib) => open({ addressSpace: mib * MIB })))
    expect([...few, ...little]).toContain('machine')
    expect([...few, ...little].filter((each) => each !== 'machine' && typeof each !== 'number')).toEqual([])
  })

  it.each([
    [
      'cannot fork',
      `printf 'dpkg-deb: unrecoverable fatal error, aborting:\\n fork failed: %s\\n' 'Resource temporarily unavailable' >&2; exit 2`,
    ],
    [
      'is told so by its child',
      `echo 'lzma error: Cannot allocate memory' >&2; echo 'subprocess returned 2' >&2; exit 2`,
    ],
    ['is killed by the kernel', 'kill -KILL $$'],
    ['is told to end', 'kill -TERM $$'],
  ])('%s is tried again', async (_, script) => {
    expect(await said(script)).toBe('machine')
  })

  it.each([
    ['refuses it', `echo 'dpkg-deb: error: this is no package' >&2; exit 2`],
    ['breaks over it', 'kill -SEGV $$'],
    ['aborts', 'kill -ABRT $$'],
  ])('%s is a bad one', async (_, script) => {
    expect(await said(script)).toBe('malformed')
  })

  it('takes no notice of its limit of processor time is a bad one, and no kill of the kernel', async () => {
    const sandbox = debMembersSandbox('/usr/bin/true')
    const stubborn = {
      ...sandbox,
      words: ['/usr/bin/sh', '-c', 'trap "" XCPU; while :; do :; done'] as const,
      binds: [...sandbox.binds, { from: '/usr/bin/dash', at: '/usr/bin/sh' }],
      limits: { ...sandbox.limits, cpuS: 1 },
    }
    const running = await startInside(stubborn, { timeoutMs: 60_000 })
    expect(await opened(running)).toBe('malformed')
    expect((await running.ended).failure).toMatchObject({
      kind: 'too-much',
      message: 'dpkg-deb took more than 1 s of processor time',
    })
  })

  it('is no package is a bad one', async () => {
    await using folder = await temporaryFolder()
    const file = folder.file('one.deb')
    writeFileSync(file, 'no package')
    expect(await opened(await startInside(debMembersSandbox(file), { timeoutMs: 20_000 }))).toBe('malformed')
  })
})

describe('lackingNow()', () => {
  it('says nothing where programs start, and names the memory that is left where there is little', async () => {
    expect(await lackingNow(1000)).toBeUndefined()
    expect(await lackingNow(63.9)).toBe('this machine has 63 MB of memory left')
  })
})

describe('an error of the system', () => {
  const error = (code: string) => Object.assign(new Error(`${code}: open`), { code })

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO'])('%s is of this machine, wherever it is met', (code) => {
    const wrapped = new Error('broke off', { cause: error(code) })
    expect(asFetchError(wrapped)).toMatchObject({ kind: 'machine' })
    const signal = new AbortController().signal
    expect(networkError(new URL('http://a.example/'), error(code), signal)).toMatchObject({
      kind: 'machine',
      isHost: false,
    })
  })

  it.each(['ENOSPC', 'EDQUOT'])('%s is of its disk', (code) => {
    expect(asFetchError(error(code))).toMatchObject({ kind: 'no-space' })
  })

  it('of another code is passed on', () => {
    expect(asFetchError(error('ENOENT'))).toMatchObject({ code: 'ENOENT' })
  })
})
