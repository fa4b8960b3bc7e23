import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  designMembers,
  fakeCore,
  gnuTarOf,
  type MadeMember,
  makeTar,
  MIB,
  pack,
  paxHeader,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { coreOnDisk, filesOf, refused, upload } from '../../helpers/uploads.ts'

const FORMS = [
  ['old GNU', ['--format=gnu']],
  ['PAX 0.0', ['--format=posix', '--sparse-version=0.0']],
  ['PAX 0.1', ['--format=posix', '--sparse-version=0.1']],
  ['PAX 1.0', ['--format=posix', '--sparse-version=1.0']],
] as const

let test: TestSpool

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '40' })
})
afterAll(() => test[Symbol.asyncDispose]())

/** Members in a folder, the core with data at these places and holes between, `size` bytes long. */
function sparseFolder(places: readonly number[], size: number): { folder: string; core: Buffer } {
  const folder = mkdtempSync(join(test.folder, 'sparse-'))
  const core = Buffer.alloc(size)
  for (const place of places) core.set(fakeCore(4096).subarray(0, Math.min(4096, size - place)), place)
  for (const [name, content] of Object.entries(designMembers(core))) writeFileSync(join(folder, name), content)
  execFileSync('fallocate', ['--dig-holes', join(folder, 'coredump')])
  return { folder, core }
}

function tarOfFolder(folder: string, options: readonly string[]): Buffer {
  return gnuTarOf(folder, ['coredump', 'architecture', 'release', 'packages'], ['-S', ...options])
}

/** Number of data parts. More than 4 need an extension of the old header, more than 25 a second one. */
const SHAPES = [
  ['one part at its beginning', [0], 9 * MIB],
  ['a hole at its beginning and an odd end', [5 * MIB], 5 * MIB + 4096 + 777],
  ['no data at all', [], 3 * MIB],
  ['100 parts', Array.from({ length: 100 }, (_, index) => index * 65_536), 100 * 65_536 + 1],
] as const

describe.each(FORMS)('a sparse core as GNU tar writes it in the form %s', (_, options) => {
  it.each(SHAPES)('comes out whole with %s, its holes as holes', async (_, places, size) => {
    const { folder, core } = sparseFolder(places, size)
    const tar = tarOfFolder(folder, options)
    expect(tar.length).toBeLessThan(size)
    for (const pieces of [1000, MIB]) {
      const accepted = await upload(test, tar, { pieces })
      expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
      expect(coreOnDisk(accepted)).toBeLessThanOrEqual((places.length + 1) * 4096)
    }
  })

  it('comes out whole through xz', async () => {
    const { folder, core } = sparseFolder([0, MIB], 2 * MIB)
    const accepted = await upload(test, pack('xz', tarOfFolder(folder, options)), { encoding: 'xz' })
    expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
  })

  it('counts with its holes: 413 and the limit, before any of it is stored', async () => {
    const folder = mkdtempSync(join(test.folder, 'bomb-'))
    for (const [name, content] of Object.entries(designMembers())) writeFileSync(join(folder, name), content)
    execFileSync('truncate', ['--size=20G', join(folder, 'coredump')])
    const tar = tarOfFolder(folder, options)
    expect(tar.length).toBeLessThanOrEqual(20_480)
    const error = await refused(test, tar)
    expect(error.code).toBe('unpacked-too-large')
    expect(error.limit).toEqual({ setting: 'RETRACE_MAX_UNPACKED_MB', value: 40, unit: 'MiB' })
  })

  it('refuses with 403 a sparse member that is not the core', async () => {
    const folder = mkdtempSync(join(test.folder, 'other-'))
    for (const [name, content] of Object.entries(designMembers())) writeFileSync(join(folder, name), content)
    execFileSync('truncate', ['--size=50K', join(folder, 'release')])
    const error = await refused(test, tarOfFolder(folder, options))
    expect(error.code).toBe('bad-member')
    expect(error.message).toContain("'release'")
  })

  it('refuses with 400 a sparse core that ends early', async () => {
    const { folder } = sparseFolder([0, MIB], 2 * MIB)
    const tar = tarOfFolder(folder, options)
    for (const end of [700, 1500, 2100, 5000]) {
      expect((await refused(test, tar.subarray(0, end))).code).toBe('bad-stream')
    }
  })
})

describe('a sparse core with a map that lies', () => {
  const rest = Object.entries(designMembers()).filter(([name]) => name !== 'coredump')
    .map(([name, content]) => ({ name, content }))

  function oldSparse(parts: [number, number][], realSize: number, content: Buffer): MadeMember {
    const bytes = Buffer.alloc(512 - 386)
    const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
    parts.forEach(([offset, length], index) => bytes.write(octal(offset) + octal(length), index * 24))
    bytes.write(octal(realSize), 483 - 386)
    return { name: 'coredump', type: 'S', magic: 'ustar  \0', content, patch: { offset: 386, bytes } }
  }

  const content = Buffer.alloc(1024, 'x')

  it('takes the same member with a map that does not', async () => {
    const core = oldSparse([[512, 512], [4096, 512]], 5000, content)
    const accepted = await upload(test, makeTar([core, ...rest]))
    const expected = Buffer.alloc(5000)
    expected.fill('x', 512, 1024).fill('x', 4096, 4608)
    expect(filesOf(accepted).coredump?.equals(expected)).toBe(true)
  })

  it.each([
    ['leaves the file', [[0, 512], [8192, 512]]],
    ['runs backwards', [[4096, 512], [0, 512]]],
    ['overlaps', [[0, 1024], [512, 0]]],
    ['holds less than the member', [[0, 512]]],
    ['holds more than the member', [[0, 4096]]],
  ] as [string, [number, number][]][])('refuses with 400 a sparse core whose map %s', async (_, parts) => {
    const error = await refused(test, makeTar([oldSparse(parts, 5000, content), ...rest]))
    expect(error.code).toBe('bad-stream')
    expect(error.message).toContain('sparse')
  })

  it.each([
    ['0.0 without lengths', [['GNU.sparse.size', '9'], ['GNU.sparse.offset', '0'], ['GNU.sparse.offset', '5']]],
    ['0.1 with an odd map', [['GNU.sparse.size', '9000'], ['GNU.sparse.map', '0,1024,2000']]],
    ['0.1 with words in its map', [['GNU.sparse.size', '9000'], ['GNU.sparse.map', '0,1024,a,b']]],
    ['0.1 without a size', [['GNU.sparse.map', '0,1024']]],
    ['1.0 without a map', [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.realsize', '9']]],
    ['2.0', [['GNU.sparse.major', '2'], ['GNU.sparse.minor', '0'], ['GNU.sparse.realsize', '9']]],
  ] as [string, [string, string][]][])('refuses with 400 a sparse core in the form PAX %s', async (_, records) => {
    const error = await refused(test, makeTar([paxHeader(records), { name: 'coredump', content }, ...rest]))
    expect(error.code).toBe('bad-stream')
  })

  it('refuses with 400 a sparse core whose extensions follow each other without a part', async () => {
    const empty = Buffer.alloc(512)
    empty[504] = 1
    const core = oldSparse([[0, 512]], 5000, Buffer.concat(Array.from({ length: 1000 }, () => empty)))
    core.patch?.bytes.set([1], 482 - 386)
    expect((await refused(test, makeTar([core, ...rest]))).code).toBe('bad-stream')
  })
})
