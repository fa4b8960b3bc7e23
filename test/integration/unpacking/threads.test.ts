/** Uploads unpacked in a thread of its own, by what ops/lib/build made: as in the server's own thread, and beside its event loop. */
import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { pid } from 'node:process'
import { setImmediate, setTimeout } from 'node:timers'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { RetraceError } from '../../../src/errors/errors.ts'
import { childrenOf } from '../../../src/process/proc.ts'
import { threads as threadFiles } from '../../../src/program/runtime.ts'
import { Draft } from '../../../src/spool/draft.ts'
import { FreeSpace } from '../../../src/spool/free_space.ts'
import { serve } from '../../../src/unpacking/job.ts'
import { UnpackThreads } from '../../../src/unpacking/threads.ts'
import { HERE, receive } from '../../../src/upload/receive.ts'
import {
  designMembers,
  fakeCore,
  gnuTar,
  inPieces,
  makeTar,
  MIB,
  pack,
  paxHeader,
  tarOf,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { COSTLY } from '../../helpers/costly_archives.ts'
import { type Attempt, bytesOnDisk, filesOf, refused, upload } from '../../helpers/uploads.ts'

const ENTRY = threadFiles()?.unpack
if (ENTRY === undefined || !existsSync(ENTRY)) throw new Error('Nothing is built: run ops/lib/build')

const CORE = Buffer.concat([fakeCore(), randomBytes(MIB), Buffer.alloc(4 * MIB), Buffer.from('x')])
const TAR = tarOf(designMembers(CORE))

let test: TestSpool
/** One that runs already, so that small uploads go to it, too. */
let threads: UnpackThreads

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '40', RETRACE_MAX_FILE_KB: '10' })
  threads = new UnpackThreads(ENTRY)
  await upload(test, pack('gzip', TAR), { encoding: 'gzip', unpacker: threads })
})
afterAll(async () => {
  await threads.close()
  await test[Symbol.asyncDispose]()
})

/** What a server would tell of an upload, and what it would keep. */
async function outcome(body: Uint8Array, attempt: Attempt): Promise<unknown> {
  try {
    const { created: _, password: __, ...files } = filesOf(await upload(test, body, attempt))
    return Object.entries(files).map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')])
  } catch (error) {
    if (!(error instanceof RetraceError)) throw error
    const { code, message, limit, headers, members } = error
    return { code, message, limit, headers, members }
  }
}

const BODIES: [string, () => Uint8Array, Attempt][] = [
  ['xz', () => pack('xz', TAR, ['-0']), { encoding: 'xz' }],
  ['zstd', () => pack('zstd', TAR), { encoding: 'zstd' }],
  ['gzip', () => pack('gzip', TAR), { encoding: 'gzip' }],
  ['a bare core', () => pack('xz', CORE, ['-0']), { encoding: 'xz', manifest: 'bare' }],
  ['a sparse core', () => pack('gzip', gnuTar(test.folder, designMembers(CORE), ['-S'])), { encoding: 'gzip' }],
  ['a packed core', () => pack('gzip', tarOf(designMembers(pack('zstd', CORE)))), { encoding: 'gzip' }],
  ['no core', () => pack('gzip', Buffer.from('text, and nothing but that')), { encoding: 'gzip', manifest: 'bare' }],
  ['other bytes', () => Buffer.from('PK\u0003\u0004 and more'), { encoding: 'xz' }],
  ['a cut stream', () => pack('xz', TAR, ['-0']).subarray(0, 500_000), { encoding: 'xz' }],
  ['a damaged stream', () => pack('zstd', TAR).fill(7, 400_000, 400_100), { encoding: 'zstd' }],
  ['a member too many', () => pack('gzip', tarOf({ ...designMembers(), more: 'x' })), { encoding: 'gzip' }],
  ['a member too few', () => pack('gzip', tarOf({ coredump: CORE })), { encoding: 'gzip' }],
  ['a large member', () => pack('gzip', tarOf({ ...designMembers(), release: 'x'.repeat(20_000) })), {
    encoding: 'gzip',
  }],
  ['a core that is too large', () => pack('gzip', tarOf(designMembers(fakeCore(41 * MIB)))), { encoding: 'gzip' }],
]

describe('an upload that is unpacked in a thread', () => {
  it.each(BODIES)('ends as it would in the server’s own: %s', async (_, made, attempt) => {
    const body = made()
    const beside = await outcome(body, { ...attempt, unpacker: threads })
    expect(beside).toEqual(await outcome(body, { ...attempt, unpacker: HERE }))
  })

  it('tells that the core begins, and what ended its body, as whoever reads it said', async () => {
    const cause = new RetraceError('upload-timeout', { detail: 'slow' })
    async function* broken() {
      yield* inPieces(pack('xz', TAR, ['-0']).subarray(0, 600_000))
      throw cause
    }
    let began = 0
    await using draft = await test.spool.draft(test.spool.reserve(0))
    const plan = { manifest: 'design', packaging: 'tar', encoding: 'xz', contentLength: 900_000 } as const
    const options = { config: test.config, unpacker: threads, onCore: () => began++ }
    await expect(receive(broken(), { plan, draft }, options)).rejects.toBe(cause)
    expect(began).toBe(1)
  })

  it('leaves no decoder behind where whoever hears that the core begins gives it up, though its body does not end', async () => {
    async function* endless() {
      yield* inPieces(pack('xz', TAR, ['-0']).subarray(0, 600_000))
      await new Promise(() => undefined)
    }
    await using draft = await test.spool.draft(test.spool.reserve(0))
    const plan = { manifest: 'design', packaging: 'tar', encoding: 'xz', contentLength: 900_000 } as const
    let decoders = 0
    const giveUp = () => {
      decoders = childrenOf(pid).length
      throw new Error('given up')
    }
    const options = { config: test.config, unpacker: threads, onCore: giveUp }
    await expect(receive(endless(), { plan, draft }, options)).rejects.toThrow('given up')
    expect(decoders).toBeGreaterThan(0)
    await vi.waitUntil(() => childrenOf(pid).length === 0, 10_000)
  })

  it.each([0, 50 * MIB])(
    'ends where the server’s side has gone before it asks for room, with %i bytes lent',
    async (room) => {
      await using draft = await test.spool.draft(test.spool.reserve(0))
      const { port1, port2 } = new MessageChannel()
      const plan = { manifest: 'design', packaging: 'tar', encoding: 'xz', contentLength: 900_000 } as const
      const config = { maxUnpackedMb: 40, maxFileKb: 10, minFreeMb: 0 }
      const over = serve(port2, { plan, directory: draft.directory, config, programs: undefined, room })
      port1.postMessage({ kind: 'bytes', bytes: new Uint8Array(pack('xz', TAR, ['-0'])) })
      port1.close()
      await expect(over).resolves.toBeUndefined()
      await vi.waitUntil(() => childrenOf(pid).length === 0, 10_000)
    },
  )

  it('is told at once what is wrong, though its body does not end', async () => {
    async function* endless() {
      yield pack('gzip', tarOf({ more: 'x' }))
      await new Promise(() => undefined)
    }
    const error = await refused(test, endless(), { encoding: 'gzip', contentLength: MIB, unpacker: threads })
    expect(error.code).toBe('unknown-member')
  })

  it('takes no more of the disk than there is, and gives back what it did not need', async () => {
    const core = Buffer.concat([fakeCore(), randomBytes(3 * MIB)])
    const body = pack('gzip', core)
    const plan = { manifest: 'bare', packaging: 'core', encoding: 'gzip', contentLength: body.length } as const
    const taken = async (bytes: number) => {
      let path = ''
      const free = () => MIB + bytes - (existsSync(path) ? bytesOnDisk(path) : 0)
      const reservation = new FreeSpace(test.folder, { minFreeMb: 1 }, free).reserve(MIB)
      await using draft = await Draft.create(test.folder, { database: test.database, reservation })
      path = draft.file('coredump')
      await receive(inPieces(body), { plan, draft }, { config: { ...test.config, minFreeMb: 1 }, unpacker: threads })
      const left = reservation.lend()
      reservation.giveBack(left)
      return { left, outstanding: reservation.outstanding }
    }
    await expect(taken(core.length - 4096)).rejects.toMatchObject({ code: 'no-space' })
    const { left, outstanding } = await taken(core.length + 2 * MIB)
    expect(outstanding).toBe(left)
  })
})

describe('the event loop beside a thread that unpacks', () => {
  /** This thread's processor time, in milliseconds. */
  function used(): number {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6
  }

  /** What an attempt takes of it. */
  async function work(attempt: () => Promise<unknown>): Promise<number> {
    const begin = used()
    await attempt()
    return used() - begin
  }

  /** The longest piece between two turns of the event loop. */
  async function piece(attempt: () => Promise<unknown>): Promise<number> {
    let [last, longest, isOver] = [used(), 0, false]
    const turn = () => {
      const now = used()
      longest = Math.max(longest, now - last)
      last = now
      // With nothing between them, turns would be most of what is measured.
      if (!isOver) setTimeout(() => setImmediate(turn), 1)
    }
    setImmediate(turn)
    await attempt()
    isOver = true
    return longest
  }

  it('is kept from others for no longer than a moment, and has less to do than unpacking would be', async () => {
    const records = Array.from({ length: 49_000 }, () => ['a', 'bb'] as const)
    const members = Object.entries(designMembers(Buffer.alloc(38 * MIB, randomBytes(4096))))
    const made = makeTar([...members.map(([name, content]) => ({ name, content })), paxHeader(records)])
    const body = pack('zstd', made)
    const attempt = { encoding: 'zstd' } as const
    const here = await work(() => refused(test, body, { ...attempt, unpacker: HERE }))
    const beside = await work(() => refused(test, body, { ...attempt, unpacker: threads }))
    expect(beside).toBeLessThan(here)
    expect(await piece(() => refused(test, body, { ...attempt, unpacker: threads }))).toBeLessThan(50)
  })

  it.each(COSTLY.slice(0, 3))('has next to nothing to do with %s', async (_, made) => {
    const packed = pack('zstd', made())
    expect(await piece(() => refused(test, packed, { encoding: 'zstd', unpacker: threads }))).toBeLessThan(50)
  })
})

describe('threads that unpack', () => {
  const DEATHS = {
    'throws what nobody expects': 'throw new Error("dead")',
    'ends': 'process.exit(3)',
    'runs out of memory': 'const all = []; for (;;) all.push(new Array(100_000).fill(all.length + 0.5))',
  }

  /** Threads as the real ones; while a file is there they die over the first bytes of an upload. */
  function mortal(name: string, death: string): { entry: string; flag: string } {
    const [entry, flag] = [join(test.folder, `${name}.mjs`), join(test.folder, `${name}.flag`)]
    writeFileSync(
      entry,
      `import ${JSON.stringify(ENTRY)}
      import { existsSync } from 'node:fs'
      import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ port }) => {
        if (existsSync(${JSON.stringify(flag)})) port.on('message', () => { ${death} })
      })\n`,
    )
    return { entry, flag }
  }

  it.each(Object.entries(DEATHS))(
    'fail the upload with unpacking-failed when one %s, and take the next',
    async (name, death) => {
      const { entry, flag } = mortal(name.replaceAll(' ', '-'), death)
      const mine = new UnpackThreads(entry, { limit: 1 })
      const large = pack('gzip', TAR)
      const attempt = { encoding: 'gzip', unpacker: mine } as const
      try {
        await upload(test, large, attempt)
        writeFileSync(flag, '')
        const error = await refused(test, large, attempt)
        expect(error).toMatchObject({ code: 'unpacking-failed', headers: { 'Retry-After': '5' } })
        expect(mine.size).toBe(0)
        rmSync(flag)
        expect(filesOf(await upload(test, large, attempt)).coredump?.equals(CORE)).toBe(true)
        expect(mine.size).toBe(1)
      } finally {
        await mine.close()
      }
    },
  )

  it('that cannot start fail one upload; the next are unpacked without them', async () => {
    const mine = new UnpackThreads(join(test.folder, 'no-such-file.js'))
    const attempt = { encoding: 'gzip', unpacker: mine } as const
    const large = pack('gzip', TAR)
    expect((await refused(test, large, attempt)).code).toBe('unpacking-failed')
    expect(filesOf(await upload(test, large, attempt)).coredump?.equals(CORE)).toBe(true)
    expect(mine.size).toBe(0)
  })

  it('are started for large uploads and for several at once, up to their limit', async () => {
    const mine = new UnpackThreads(ENTRY, { limit: 2 })
    const attempt = { encoding: 'gzip', unpacker: mine } as const
    const [small, large] = [pack('gzip', tarOf(designMembers())), pack('gzip', TAR)]
    try {
      await upload(test, small, attempt)
      expect(mine.size).toBe(0)
      await Promise.all([upload(test, small, attempt), upload(test, small, attempt)])
      expect(mine.size).toBe(1)
      await Promise.all(Array.from({ length: 5 }, () => upload(test, large, attempt)))
      expect(mine.size).toBe(2)
    } finally {
      await mine.close()
    }
  })

  it.runIf(existsSync('/proc/self/task'))('stand back behind the thread that all requests share', () => {
    const nice = readdirSync('/proc/self/task').map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
    })
    expect(nice).toContain(Math.max(10, getPriority()))
    expect(nice.filter((each) => each === getPriority()).length).toBeGreaterThan(1)
  })

  it('end when there is nothing to do, and are started again', async () => {
    const mine = new UnpackThreads(ENTRY, { idleMs: 50 })
    const attempt = { encoding: 'gzip', unpacker: mine } as const
    try {
      for (let times = 0; times < 2; times++) {
        await upload(test, pack('gzip', TAR), attempt)
        await expect.poll(() => mine.size, { timeout: 30_000 }).toBe(0)
      }
    } finally {
      await mine.close()
    }
  })
})
