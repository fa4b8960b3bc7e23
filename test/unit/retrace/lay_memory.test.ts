/** Memory that came later, laid into the core of a real task. */
import { Buffer } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bytesSource } from '../../../src/elf/bytes_source.ts'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { slimCore } from '../../../src/slim/slim.ts'
import { Task } from '../../../src/task/task.ts'
import { layMemory } from '../../../workers/retrace/lay_memory.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { slimBytes } from '../../helpers/slim.ts'

const HOLE = 16 * 2 ** 20
/** Where nothing else of the process is. */
const PLACE = 0x100000000000n

it('leaves the holes of a core holes: it takes no more room on the disk than what it holds', async () => {
  await using folder = await temporaryFolder()
  using source = fileSource(fixtureCore('amd64', folder.path).core)
  const slim = slimCore(source, { budget: 0, keepsArguments: true, maker: 'test 1' })
  const bytes = slimBytes(slim).slice()
  const left = readCore(bytesSource(bytes)).leftOut?.ranges ?? []
  const [page] = slim.more(left.map(({ start, end }) => ({ start, length: Number(end - start) })), 512)
  if (page === undefined) throw new Error('Nothing was left out')
  // The last segment, which the kernel did not dump, is memory of zeros.
  const view = new DataView(bytes.buffer)
  const last = 64 + (view.getUint16(56, true) - 1) * 56
  view.setBigUint64(last + 8, BigInt(bytes.length), true)
  view.setBigUint64(last + 16, PLACE, true)
  for (const at of [32, 40]) view.setBigUint64(last + at, BigInt(HOLE), true)
  const task = new Task(folder.file('1'))
  mkdirSync(task.directory)
  writeFileSync(task.file('coredump'), bytes)
  truncateSync(task.file('coredump'), bytes.length + HOLE)
  const head = Buffer.alloc(12)
  head.writeBigUInt64BE(BigInt(page.start))
  head.writeUInt32BE(page.bytes.length, 8)
  writeFileSync(task.file('memory'), Buffer.concat([head, page.bytes]))
  expect(layMemory(task)).toBe(page.bytes.length)
  const { size, blocks } = statSync(task.file('coredump'))
  expect(size).toBeGreaterThan(HOLE + bytes.length)
  expect(blocks * 512).toBeLessThan(2 * bytes.length + 2 ** 20)
  const filled = new Uint8Array(readFileSync(task.file('coredump')))
  const { segments } = readCore(bytesSource(filled))
  const bytesAt = (start: bigint, length: number) => {
    const { fileOffset } = segments.find((each) => each.start === start && each.leftOut !== true) ?? { fileOffset: 0n }
    return Buffer.from(filled.subarray(Number(fileOffset), Number(fileOffset) + length))
  }
  expect(bytesAt(BigInt(page.start), page.bytes.length).equals(page.bytes)).toBe(true)
  expect(bytesAt(PLACE, HOLE).equals(Buffer.alloc(HOLE))).toBe(true)
  // All else is as it was.
  for (const { start, fileOffset, fileSize } of readCore(bytesSource(bytes)).segments) {
    if (start === PLACE || fileSize === 0n) continue
    const before = bytes.subarray(Number(fileOffset), Number(fileOffset + fileSize))
    expect([start, bytesAt(start, before.length).equals(before)]).toEqual([start, true])
  }
})

it('leaves the core as it was where the disk has no room for the filled one, and nothing of that', async ({ skip }) => {
  await using folder = await temporaryFolder()
  using source = fileSource(fixtureCore('amd64', folder.path).core)
  const slim = slimCore(source, { budget: 0, keepsArguments: true, maker: 'test 1' })
  const bytes = slimBytes(slim)
  const left = readCore(bytesSource(new Uint8Array(bytes))).leftOut?.ranges ?? []
  const [page] = slim.more(left.map(({ start, end }) => ({ start, length: Number(end - start) })), 512)
  if (page === undefined) throw new Error('Nothing was left out')
  const place = folder.file('place')
  mkdirSync(place)
  // Pages of the core, of what came, and a few of those of a further core.
  const room = Math.ceil(bytes.length / 4096) + 1 + 8
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${room * 4}k`, 'tmpfs', place]).status !== 0) {
    skip('nothing can be mounted here')
  }
  try {
    const task = new Task(place)
    writeFileSync(task.file('coredump'), bytes)
    const head = Buffer.alloc(12)
    head.writeBigUInt64BE(BigInt(page.start))
    head.writeUInt32BE(page.bytes.length, 8)
    writeFileSync(task.file('memory'), Buffer.concat([head, page.bytes]))
    expect(() => layMemory(task)).toThrow(/ENOSPC/)
    expect(readdirSync(place).sort()).toEqual(['coredump', 'memory'])
    expect(readFileSync(task.file('coredump')).equals(bytes)).toBe(true)
    expect(statfsSync(place).bavail).toBe(8)
    // Once there is room, it is laid after all.
    expect(spawnSync('mount', ['-o', 'remount,size=64m', place]).status).toBe(0)
    expect(layMemory(task)).toBe(page.bytes.length)
    expect(readdirSync(place)).toEqual(['coredump'])
    expect(readFileSync(task.file('coredump')).indexOf(page.bytes)).toBeGreaterThan(0)
  } finally {
    spawnSync('umount', ['-l', place])
  }
})
