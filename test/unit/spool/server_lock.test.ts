/** The lock of a spool on file systems that do not behave. */
import type { PathLike, StatSyncOptions } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { takeSpoolLock } from '../../../src/spool/server_lock.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const said = vi.hoisted(() => [] as string[])
/** What the file system adds to each number of a file, and what it fails with. */
const faults = vi.hoisted(() => ({ more: 0, code: '' }))
vi.mock('../../../src/telemetry/log.ts', () => {
  const say = (text: string) => void said.push(text)
  return { log: () => ({ warning: say, error: say }) }
})
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  const statSync = (path: PathLike, options?: StatSyncOptions) => {
    if (faults.code !== '' && String(path).endsWith('server.lock')) {
      throw Object.assign(new Error(faults.code), { code: faults.code })
    }
    const found = real.statSync(path, options)
    if (found !== undefined) found.ino = Number(found.ino) + faults.more
    return found
  }
  return { ...real, statSync }
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  Object.assign(faults, { more: 0, code: '' })
  said.length = 0
})

it('is not taken again where only the numbers of its file change', async () => {
  await using folder = await temporaryFolder()
  using _lock = takeSpoolLock({ spoolDir: folder.path })
  faults.more = 1000
  vi.advanceTimersByTime(3000)
  expect(said).toEqual([])
})

it.each(['ESTALE', 'EIO', 'EACCES', 'ELOOP'])(
  'stays as it is while the file system answers %s, which is said once each time',
  async (code) => {
    await using folder = await temporaryFolder()
    using _lock = takeSpoolLock({ spoolDir: folder.path })
    for (let times = 1; times <= 2; times++) {
      faults.code = code
      vi.advanceTimersByTime(3000)
      expect(said).toEqual(Array.from({ length: times }, () => expect.stringContaining(code)))
      faults.code = ''
      vi.advanceTimersByTime(3000)
    }
  },
)
