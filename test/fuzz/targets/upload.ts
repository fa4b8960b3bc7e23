/** What a client sends: headers, archives and what is in them. */
import { Buffer } from 'node:buffer'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { RetraceError } from '../../../src/errors/errors.ts'
import { ByteReader } from '../../../src/upload/byte_reader.ts'
import { checkText } from '../../../src/upload/grammar.ts'
import { gunzip } from '../../../src/upload/gzip.ts'
import { checkHeaders } from '../../../src/upload/headers.ts'
import { Turns } from '../../../src/stream/turns.ts'
import { Overhead } from '../../../src/upload/overhead.ts'
import { applyPax, type PaxValues } from '../../../src/upload/pax.ts'
import { parseCommaMap } from '../../../src/upload/sparse_map.ts'
import { readTar } from '../../../src/upload/tar.ts'
import { KIB } from '../../../src/units/bytes.ts'
import {
  abrtMembers,
  designMembers,
  gnuTar,
  gnuTarOf,
  inPieces,
  makeTar,
  paxHeader,
  paxRecord,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { upload } from '../../helpers/uploads.ts'
import { ORDINARY, type Target } from '../target.ts'

const isOurs = (error: unknown) => error instanceof RetraceError && error.code !== 'internal'
const PAX_KEYS = ['path', 'size', 'linkpath', 'mtime', 'GNU.sparse.map', 'GNU.sparse.major', 'GNU.sparse.minor']
const SPARSE_KEYS = ['GNU.sparse.numblocks', 'GNU.sparse.offset', 'GNU.sparse.numbytes', 'GNU.sparse.realsize']
const RECORDS = [...PAX_KEYS, ...SPARSE_KEYS, 'GNU.sparse.name'].map((key) => paxRecord(key, '1'))
const NAMES = ['coredump', 'architecture', 'release', 'packages', 'executable', 'package', 'os_release', './']
const KINDS = [...'01234567xXgLKS'].map((kind) => `${kind}\0`)
const TAR_WORDS = [
  ...RECORDS,
  ...NAMES,
  ...KINDS,
  'ustar\x0000',
  'ustar  \0',
  '\x80\0\0\0\0\0\0\0',
  '../',
  '/etc/passwd',
]

/** Archives as the real programs make them, in every form that is known. */
async function archives(): Promise<Uint8Array[]> {
  await using folder = await temporaryFolder()
  const made = [
    gnuTar(folder.path, designMembers(), ['--format=gnu']),
    gnuTar(folder.path, designMembers(), ['--format=posix']),
    gnuTar(folder.path, abrtMembers(), ['--format=ustar']),
    makeTar([paxHeader([['path', 'coredump'], ['size', '4']]), { name: 'x', content: 'core' }]),
    makeTar([paxHeader([['comment', 'x']], 'g'), { name: 'long', type: 'L', content: 'coredump\0' }, { name: 'y' }]),
  ]
  const sparse = folder.file('sparse')
  mkdirSync(sparse)
  writeFileSync(`${sparse}/coredump`, 'data')
  truncateSync(`${sparse}/coredump`, 1 << 20)
  const forms = [
    ['--format=gnu'],
    ...['0.0', '0.1', '1.0'].map((each) => ['--format=posix', `--sparse-version=${each}`]),
  ]
  return [...made, ...forms.map((options) => gnuTarOf(sparse, ['coredump'], ['-S', ...options]))]
}

export const tar: Target = {
  seeds: archives,
  words: TAR_WORDS,
  maxBytes: 128 * KIB,
  async read(input) {
    const found = []
    for await (const member of readTar(new ByteReader(inPieces(input, 4096)))) {
      let last = 0
      for await (const { chunk, position } of member.extents()) {
        if (position < last || position + chunk.length > member.size) throw new Error('an extent lies outside its file')
        last = position + chunk.length
      }
      found.push(member.name)
    }
    return found
  },
  isOurs,
  cost: ORDINARY,
  weight: 4,
}

let spool: TestSpool | undefined

/** A whole upload, onto the disk. */
export const archive: Target = {
  seeds: archives,
  words: TAR_WORDS,
  maxBytes: 64 * KIB,
  async read(input) {
    spool ??= await testSpool({ RETRACE_MAX_UNPACKED_MB: '8' })
    const { task } = await upload(spool, input)
    return task.directory
  },
  isOurs,
  async close() {
    await spool?.[Symbol.asyncDispose]()
    spool = undefined
  },
  cost: { ...ORDINARY, ms: 400 },
  weight: 2,
}

export const gzip: Target = {
  seeds: () => [
    gzipSync('core'),
    gzipSync(Buffer.alloc(4096)),
    Buffer.concat([gzipSync('a'), gzipSync('b')]),
    deflateRawSync('x'),
  ],
  words: ['\x1f\x8b\x08', '\x1f\x8b\x08\x1e', '\0\0\xff\xff'],
  maxBytes: 64 * KIB,
  async read(input) {
    let size = 0
    for await (const chunk of gunzip(new ByteReader(inPieces(input, 1000)))) {
      size += chunk.length
      if (size > 4 << 20) break // what comes out is the caller's to bound
    }
    return size
  },
  isOurs,
  cost: { ms: 400, msPerKib: 20, mib: 96, mibPerKib: 2 },
  weight: 2,
}

export const pax: Target = {
  seeds: () => RECORDS.map((record) => Buffer.from(record)),
  words: RECORDS,
  maxBytes: 64 * KIB,
  async read(input) {
    const values: PaxValues = {}
    await applyPax(values, input, { overhead: new Overhead(), turns: new Turns() })
    return [values.path, values.sparseName]
  },
  isOurs,
  cost: ORDINARY,
  weight: 2,
}

export const sparse: Target = {
  seeds: () => ['0,4', '0,512,1024,512', '1048576,0'].map((text) => Buffer.from(text)),
  words: [',', '0', '9007199254740991', '18446744073709551616', '-1', '1e9'],
  maxBytes: 64 * KIB,
  async read(input) {
    const map = await parseCommaMap(Buffer.from(input).toString('latin1'), new Turns())
    map.check(1 << 30, input.length)
    return [...map.parts()].length
  },
  isOurs,
  cost: ORDINARY,
}

/** The member is named by the first line. */
export const members: Target = {
  seeds: () =>
    Object.entries({ ...designMembers(), ...abrtMembers() }).map(([name, text]) => Buffer.from(`${name}\n${text}`)),
  words: [
    ...NAMES,
    'Debian GNU/Linux 12 (bookworm)',
    'bash_5.2.15-2+b7_amd64',
    'NAME="Fedora Linux"\nVERSION_ID=40\n',
    '2:',
  ],
  maxBytes: 32 * KIB,
  read(input) {
    const [name = '', ...rest] = Buffer.from(input).toString('latin1').split('\n')
    return checkText(name, Buffer.from(rest.join('\n'), 'latin1'))
  },
  isOurs,
  cost: ORDINARY,
}

/** `name: value`, a line each. */
export const requests: Target = {
  seeds: () =>
    [
      'content-type: application/x-xz\ncontent-length: 100',
      'content-type: application/x-core\ncontent-encoding: zstd\ncontent-length: 1',
      'content-type: application/x-xz-compressed-tar\nx-task-type: 0\ncontent-length: 5',
    ].map((text) => Buffer.from(text)),
  words: [
    'content-type: ',
    'content-length: ',
    'content-encoding: ',
    'x-task-type: ',
    'transfer-encoding: chunked',
    ';',
  ],
  maxBytes: 8 * KIB,
  read(input) {
    const lines = Buffer.from(input).toString('latin1').split('\n').map((line) => line.split(': '))
    const fields = new Map(lines.map(([name = '', ...value]) => [name, value.join(': ')]))
    return checkHeaders({ get: (name) => fields.get(name) ?? null }, { maxPackedMb: 100, roundWaitS: 60 })
  },
  isOurs,
  cost: ORDINARY,
}
