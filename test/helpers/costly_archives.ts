/** Small archives that mean much work to whoever reads them without bounds. */
import { Buffer } from 'node:buffer'
import { MAX_HEADERS, MAX_OVERHEAD, MAX_RECORDS } from '../../src/upload/overhead.ts'
import { designMembers, type MadeMember, makeMember, makeTar, MIB, paxHeader, paxRecord, tarOf } from './archives.ts'

const RECORD = '7 a=bb\n'
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
const archive = (...members: MadeMember[]) => makeTar(members)
const extended = (text: string, type = 'x'): MadeMember => ({ name: 'PaxHeader', type, content: text })

/** Old GNU's map of so many parts of one byte, in the blocks behind a header. */
function oldSparse(parts: number): Buffer {
  const octal = (value: number) => Buffer.from(`${value.toString(8).padStart(11, '0')}\0`)
  const entries = Array.from({ length: parts }, (_, at) => Buffer.concat([octal(at * 2), octal(1)]))
  const header = makeMember({
    name: 'coredump',
    type: 'S',
    size: parts,
    magic: 'ustar  \0',
    patch: { offset: 386, bytes: Buffer.concat([...entries.slice(0, 4), Buffer.from([1]), octal(parts * 2)]) },
  }).subarray(0, 512)
  const blocks: Buffer[] = [header]
  for (let at = 4; at < parts; at += 21) {
    const block = Buffer.alloc(512)
    Buffer.concat(entries.slice(at, at + 21)).copy(block)
    if (at + 21 < parts) block[504] = 1
    blocks.push(block)
  }
  return Buffer.concat([...blocks, Buffer.alloc(Math.ceil(parts / 512) * 512, 1), Buffer.alloc(1024)])
}

/** The same in the form 1.0, before the data. */
function newSparse(parts: number): Buffer {
  const lines = `${parts}\n${Array.from({ length: parts }, (_, at) => `${at * 2}\n1\n`).join('')}`
  const map = Buffer.alloc(Math.ceil(lines.length / 512) * 512)
  map.write(lines)
  const records = [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], [
    'GNU.sparse.realsize',
    `${parts * 2}`,
  ]] as const
  return archive(paxHeader(records), { name: 'coredump', content: Buffer.concat([map, Buffer.alloc(parts, 1)]) })
}

const commas = Array.from({ length: 60_000 }, (_, at) => `${at * 2},1`).join(',')

/** What each is, how it is made (packed it has a few KB), and why it is refused. */
export const COSTLY: [name: string, made: () => Buffer, why: string | RegExp][] = [
  [
    'one extended header of a million records',
    () => archive(extended(RECORD.repeat(1_000_000))),
    `larger than ${MAX_OVERHEAD} bytes`,
  ],
  [
    'extended headers of 140,000 records each',
    () => archive(...many(60, extended(RECORD.repeat(140_000)))),
    `more than ${MAX_RECORDS} records`,
  ],
  ['global headers of few records each', () => archive(...many(2000, extended(RECORD.repeat(60), 'g'))), /more than/],
  ['headers that say nothing', () => archive(...many(40_000, extended(''))), `more than ${MAX_HEADERS} headers`],
  [
    'long names',
    () => archive(...many(40, { name: 'L', type: 'L', content: 'x'.repeat(200_000) })),
    `more than ${MAX_OVERHEAD} bytes`,
  ],
  [
    'long names of links',
    () => archive(...many(40, { name: 'K', type: 'K', content: 'x'.repeat(200_000) })),
    `more than ${MAX_OVERHEAD} bytes`,
  ],
  ['folders at the top', () => archive(...many(40_000, { name: './', type: '5' })), `more than ${MAX_HEADERS} headers`],
  [
    'zeros behind its end',
    () => Buffer.concat([tarOf(designMembers()), Buffer.alloc(15 * MIB)]),
    `more than ${MAX_OVERHEAD} bytes`,
  ],
  ['a map of 400,000 parts in the old form', () => oldSparse(400_000), 'smaller than the blocks'],
  ['a map of 400,000 parts in the form 1.0', () => newSparse(400_000), 'smaller than the blocks'],
  [
    'a map of 60,000 parts in the form 0.1',
    () =>
      archive(paxHeader([['GNU.sparse.map', commas], ['GNU.sparse.size', '120000']]), {
        name: 'coredump',
        content: 'x'.repeat(60_000),
      }),
    'smaller than the blocks',
  ],
  [
    'a map of 30,000 parts in the form 0.0',
    () =>
      archive(
        extended(
          paxRecord('GNU.sparse.size', '60000') + paxRecord('GNU.sparse.numblocks', '30000') +
            Array.from({ length: 30_000 }, (_, at) =>
              paxRecord('GNU.sparse.offset', `${at * 2}`) + paxRecord('GNU.sparse.numbytes', '1')).join(''),
        ),
        { name: 'coredump', content: 'x'.repeat(30_000) },
      ),
    /more than|larger than/,
  ],
]
