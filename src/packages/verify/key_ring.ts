/**
 * Key rings as gpgv reads them: binary. `.asc` files and the keys in `.sources` files have ASCII armour (RFC 9580,
 * chapter 6), which gpgv cannot read, so it is taken off here. A file without a public key is a warning while other
 * keys are left, and an error when none is.
 */
import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { errnoOf } from '../../errors/errno.ts'
import { FetchError } from '../format/error.ts'
import type { Trust } from '../format/trust.ts'
import { assertNoHtml } from './html.ts'
import { isKeyRing } from './packets.ts'
import { MIB } from '../../units/bytes.ts'

const MAX_RING = 8 * MIB
const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----'
const END = '-----END PGP PUBLIC KEY BLOCK-----'

/**
 * All keys of a repository as one binary ring. Throws FetchError 'refused' where there is none, with all reasons;
 * `warn` hears of what is passed over.
 */
export async function keyRing(trust: Trust, warn: (message: string) => void): Promise<Uint8Array> {
  const rings: Uint8Array[] = []
  const faults: FetchError[] = []
  const take = async (read: () => Uint8Array | Promise<Uint8Array>) => {
    try {
      rings.push(await read())
    } catch (error) {
      if (!(error instanceof FetchError)) throw error
      faults.push(error)
    }
  }
  for (const text of trust.inline) await take(() => keysIn(Buffer.from(text), 'The key in Signed-By'))
  for (const file of trust.files) await take(async () => keysIn(await bytesOf(file), `The key ring ${file}`))
  const [first] = faults
  if (first !== undefined && rings.length === 0) {
    throw new FetchError('refused', faults.map(({ message }) => message).join('; '), { cause: first })
  }
  for (const { message } of faults) warn(`${message}; it is passed over`)
  return Buffer.concat(rings)
}

async function bytesOf(file: string): Promise<Buffer> {
  return await readFile(file).catch((error) => {
    throw new FetchError('refused', `The key ring ${file} cannot be read (${errnoOf(error)})`, { cause: error })
  })
}

/** The keys of a file, armoured or not, in binary. `what` names it in a refusal. */
export function keysIn(bytes: Buffer, what: string): Uint8Array {
  if (bytes.length > MAX_RING) throw new FetchError('refused', `${what} is larger than 8 MiB`)
  assertNoHtml(bytes, what)
  if (bytes.toString('latin1', 8, 12) === 'KBXf') {
    throw new FetchError('refused', `${what} is a keybox of GnuPG, which gpgv does not read: write it by gpg --export`)
  }
  const ring = bytes.includes(BEGIN) ? dearmour(bytes.toString('latin1'), what) : bytes
  if (!isKeyRing(ring)) throw new FetchError('refused', `${what} holds no OpenPGP key that is public and whole`)
  return ring
}

/** The bytes of all public key blocks of a text; `what` names it in a refusal. */
export function dearmour(text: string, what: string): Uint8Array {
  const blocks: Uint8Array[] = []
  let rest = text.replace(/\r/g, '')
  for (let at = rest.indexOf(BEGIN); at >= 0; at = rest.indexOf(BEGIN)) {
    const end = rest.indexOf(END, at)
    if (end < 0) throw new FetchError('refused', `${what} is cut off: a key in it has no END line`)
    blocks.push(dearmourBlock(rest.slice(at + BEGIN.length, end), what))
    rest = rest.slice(end + END.length)
  }
  if (blocks.length === 0) throw new FetchError('refused', `${what} holds no public key`)
  return Buffer.concat(blocks)
}

/**
 * Headers (`Version: ...`, `Comment:`), an empty line, base64, `=` and a checksum. Headers may be missing, and the
 * checksum may be missing or wrong (chapter 6.1): a key that is damaged signs nothing.
 */
function dearmourBlock(block: string, what: string): Uint8Array {
  const data: string[] = []
  for (const line of block.split('\n').map((each) => each.trim())) {
    if (line === '' || line.includes(':') || /^=[A-Za-z0-9+/]{4}$/.test(line)) continue
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(line)) {
      throw new FetchError('refused', `${what} has a line in a key that is no base64`)
    }
    data.push(line)
  }
  return Buffer.from(data.join(''), 'base64')
}

/** A ring as one block of ASCII armour: what rpmkeys reads, which reads no binary ones. */
export function armour(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').match(/.{1,64}/g) ?? []
  const checksum = Buffer.alloc(3)
  checksum.writeUIntBE(crc24(bytes), 0, 3)
  return [BEGIN, '', ...lines, `=${checksum.toString('base64')}`, END, ''].join('\n')
}

/** CRC-24 of RFC 9580, chapter 6.1.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce
  for (const byte of bytes) {
    crc ^= byte << 16
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1
      if (crc & 0x1000000) crc ^= 0x1864cfb
    }
  }
  return crc & 0xffffff
}
