/** Further rounds of memory: what a client sends, what is laid into its core, and what a server that lies asks for. */
import { Buffer } from 'node:buffer'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { readCore } from '../../../src/elf/core.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { RetraceError } from '../../../src/errors/errors.ts'
import { filledCore } from '../../../src/slim/filled.ts'
import { memoryBody, wantedIn } from '../../../src/slim/round.ts'
import { slimCore } from '../../../src/slim/slim.ts'
import { recordsIn } from '../../../src/task/memory_records.ts'
import { KIB, MIB } from '../../../src/units/bytes.ts'
import { parseMemory } from '../../../src/upload/memory_records.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { slimBytes } from '../../helpers/slim.ts'
import { readFileSync } from 'node:fs'
import { ORDINARY, type Target } from '../target.ts'

/** Two ranges that touch, one apart, a long span around one, one at the end of the addresses. */
const WANTED = [
  { start: 0x1000n, length: 4096 },
  { start: 0x2000n, length: 512 },
  { start: 0x5000n, length: 512 },
  { start: 0x800000n, length: 2 ** 40 },
  { start: 2n ** 64n - 512n, length: 512 },
]

export const memory: Target = {
  seeds: () => [
    memoryBody([]),
    memoryBody([{ start: 0x1000, bytes: Buffer.alloc(16, 1) }]),
    memoryBody([{ start: 0x1ff0, bytes: Buffer.alloc(32, 2) }, { start: 0x5001, bytes: Buffer.alloc(511, 3) }]),
    memoryBody(Array.from({ length: 1030 }, (_, at) => ({ start: 0x800000 + 8 * at, bytes: Buffer.alloc(8, 4) }))),
  ],
  words: ['\0\0\0\0\0\0\x10\0', '\0\0\0\x10', '\xff\xff\xff\xff\xff\xff\xfe\0', '\xff\xff\xff\xff', '\0\0\x02\0'],
  maxBytes: 64 * KIB,
  read(input) {
    let end = 0n
    const records = parseMemory(input, WANTED)
    for (const { start, length, bytes } of records) {
      const last = start + BigInt(length)
      const isWanted = WANTED.some((each) => start < each.start + BigInt(each.length) && last > each.start)
      if (start < end || bytes.length !== length || length === 0 || !isWanted) throw new Error('a record is no good')
      end = last
    }
    return records.length
  },
  isOurs: (error) => error instanceof RetraceError && error.code === 'bad-memory',
  cost: ORDINARY,
}

/** Some records, a line of what cannot be in them, and a slim core. */
const BETWEEN = Buffer.from('\n\0between\0\n')

/** A slim core of each kind of machine, with some of what it lacks. */
async function slimCores(): Promise<Uint8Array[]> {
  await using folder = await temporaryFolder()
  return ARCHITECTURES.filter(({ name }) => ['amd64', 'armhf', 's390x'].includes(name)).map(({ name }) => {
    const source = bytesSource(new Uint8Array(readFileSync(fixtureCore(name, folder.path).core)))
    const slim = slimCore(source, { budget: 0, keepsArguments: true, maker: 'fuzz 1' })
    const bytes = slimBytes(slim)
    const left = readCore(bytesSource(new Uint8Array(bytes))).leftOut?.ranges ?? []
    const ranges = left.slice(0, 20).map(({ start, end }) => ({ start, length: Math.min(700, Number(end - start)) }))
    return Buffer.concat([memoryBody(slim.more(ranges, 16 * KIB)), BETWEEN, bytes])
  })
}

/** What the worker lays into a core: never more than both had, and a core again. */
export const filled: Target = {
  seeds: slimCores,
  words: [
    'RETRACE\0',
    '\x7fELF',
    '\x04\0',
    '\x01\0\0\0\x06\0\0\0',
    '\xff\xff\xff\xff\xff\xff\xff\xff',
    '\n\0between\0\n',
  ],
  maxBytes: MIB,
  read(input) {
    const at = Buffer.from(input).indexOf(BETWEEN)
    const core = new Uint8Array(input.subarray(at < 0 ? 0 : at + BETWEEN.length))
    const pages = [...recordsIn(input.subarray(0, Math.max(at, 0)))].filter(({ length, bytes }) =>
      bytes.length === length
    )
    const chunks = filledCore(bytesSource(core), pages)
    if (chunks === undefined) return 0
    let size = 0
    const made: Uint8Array[] = []
    for (const chunk of chunks) {
      size += chunk.length
      if (size > 16 * input.length + 16 * MIB) throw new Error('the core became too large')
      made.push(chunk)
    }
    return readCore(bytesSource(new Uint8Array(Buffer.concat(made)))).threads.length
  },
  isOurs: (error) => error instanceof ElfError,
  cost: { ms: 400, msPerKib: 2, mib: 128, mibPerKib: 1 },
  weight: 2,
}

/** A status, as a client reads it. */
export const wanted: Target = {
  seeds: () =>
    [
      { state: 'PENDING', wanted: null },
      { state: 'PENDING', wanted: { round: 1, rounds: 3, ranges: [{ start: '0x1000', length: 4096 }] } },
      { state: 'PENDING', wanted: { round: 2, ranges: [], within: [{ start: '0x7f0000000000', length: 2 ** 40 }] } },
      { state: 'FINISHED_SUCCESS' },
    ].map((each) => Buffer.from(JSON.stringify(each))),
  words: ['"within":', '"ranges":', '"round":', '1e99', '-1', '0x', 'null', '[[', '{}', '"start":"0x1"'],
  maxBytes: 32 * KIB,
  read(input) {
    const said = wantedIn(Buffer.from(input).toString('latin1'))
    const all = [...said?.ranges ?? [], ...said?.within ?? []]
    if (all.length > 1024 || all.some(({ length }) => !Number.isSafeInteger(length) || length <= 0)) {
      throw new Error('a range is no good')
    }
    return [said?.round, all.length]
  },
  isOurs: () => false,
  cost: ORDINARY,
  weight: 0.5,
}
