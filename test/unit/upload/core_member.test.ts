import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  designMembers,
  fakeCore,
  makeTar,
  MIB,
  pack,
  tarOf,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { coreOnDisk, filesOf, refused, upload } from '../../helpers/uploads.ts'

let test: TestSpool
beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '4' })
})
afterAll(() => test[Symbol.asyncDispose]())

const PACKERS = ['gzip', 'xz', 'zstd'] as const
const archive = (core: Uint8Array) => tarOf({ ...designMembers(), coredump: core })

describe('a packed core under the name coredump', () => {
  const core = Buffer.concat([fakeCore(MIB), randomBytes(100_000), Buffer.alloc(MIB)])

  it.each(PACKERS)('is unpacked as it arrives (%s), in an archive that is packed itself, too', async (packer) => {
    for (const encoding of ['none', 'xz'] as const) {
      const tar = archive(pack(packer, core))
      const accepted = await upload(test, encoding === 'none' ? tar : pack(encoding, tar), { encoding, pieces: 1000 })
      expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
      // Its zeros are holes, as those of a core that came plain.
      expect(coreOnDisk(accepted)).toBeLessThan(MIB)
    }
  })

  it.each(PACKERS)('is refused with 413 when what comes out passes RETRACE_MAX_UNPACKED_MB (%s)', async (packer) => {
    await upload(test, archive(pack(packer, fakeCore(4 * MIB - 4096))))
    const error = await refused(test, archive(pack(packer, fakeCore(40 * MIB))))
    expect(error.code).toBe('unpacked-too-large')
    expect(error.limit).toMatchObject({ setting: 'RETRACE_MAX_UNPACKED_MB', value: 4 })
  })

  it.each(PACKERS)('is refused with 400 naming the member when it is damaged or cut (%s)', async (packer) => {
    const packed = pack(packer, Buffer.concat([core, randomBytes(MIB)]))
    const damaged = Buffer.from(packed)
    const middle = Math.floor(packed.length / 2)
    damaged.fill(0xaa, middle, middle + 5000)
    for (const bytes of [damaged, packed.subarray(0, packed.length - 1000)]) {
      const error = await refused(test, archive(bytes))
      expect(error.code).toBe('bad-stream')
      expect(error.message).toContain("member 'coredump'")
    }
  })

  it('is not what is wrong when the archive ends within it', async () => {
    const cut = makeTar([{ name: 'coredump', content: pack('gzip', Buffer.concat([core, randomBytes(MIB)])) }])
    const error = await refused(test, cut.subarray(0, 200_000))
    expect(error.code).toBe('bad-stream')
    expect(error.message).not.toContain('coredump')
  })

  it('is unpacked once: what is packed twice, or in another way, is for the worker to name', async () => {
    const once = pack('gzip', core)
    const twice = await upload(test, archive(pack('xz', once)))
    expect(filesOf(twice).coredump?.equals(once)).toBe(true)
    const bzip2 = Buffer.from('BZh91AY&SY, and more')
    expect(filesOf(await upload(test, archive(bzip2))).coredump?.equals(bzip2)).toBe(true)
  })
})
