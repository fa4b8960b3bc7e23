/**
 * Key rings as gpgv reads them: binary. Owns ASCII armour (RFC 9580, chapter 6): `.asc` files and the keys that stand
 * in `.sources` files are dearmoured here, since gpgv cannot. Refuses a text with a damaged checksum, and one that
 * holds no public key.
 */
import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { FetchError } from '../format/error.ts'
import type { Trust } from '../format/trust.ts'

const MAX_RING = 8 << 20
const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----'
const END = '-----END PGP PUBLIC KEY BLOCK-----'

/** All keys of a repository as one binary ring. Throws FetchError 'refused' for what cannot be read. */
export async function keyRing(trust: Trust): Promise<Uint8Array> {
  const rings: Uint8Array[] = trust.inline.map((text) => dearmour(text))
  for (const file of trust.files) {
    const bytes = await readFile(file).catch((error) => {
      throw new FetchError('refused', `The key ring ${file} cannot be read (${error.code})`, { cause: error })
    })
    if (bytes.length > MAX_RING) throw new FetchError('refused', `The key ring ${file} is larger than 8 MiB`)
    const ring = isArmoured(bytes) ? dearmour(bytes.toString('latin1')) : bytes
    if (!isPackets(ring)) throw new FetchError('refused', `The key ring ${file} holds no OpenPGP key`)
    rings.push(ring)
  }
  return Buffer.concat(rings)
}

function isArmoured(bytes: Buffer): boolean {
  return bytes.subarray(0, 4096).toString('latin1').includes(BEGIN)
}

/** Every OpenPGP packet begins with a byte whose first bit is set (RFC 9580, chapter 4.2); no text does. */
function isPackets(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x80) !== 0
}

/** The bytes of all public key blocks of a text. */
export function dearmour(text: string): Uint8Array {
  const blocks: Uint8Array[] = []
  let rest = text.replace(/\r/g, '')
  for (let at = rest.indexOf(BEGIN); at >= 0; at = rest.indexOf(BEGIN)) {
    const end = rest.indexOf(END, at)
    if (end < 0) throw new FetchError('refused', 'A key ends without its END line')
    blocks.push(dearmourBlock(rest.slice(at + BEGIN.length, end)))
    rest = rest.slice(end + END.length)
  }
  if (blocks.length === 0) throw new FetchError('refused', 'There is no public key in what should be one')
  return Buffer.concat(blocks)
}

/** Headers (`Version: ...`), an empty line, base64, `=` and the checksum. Headers may be missing. */
function dearmourBlock(block: string): Uint8Array {
  const lines = block.split('\n').map((line) => line.trim())
  const data: string[] = []
  let checksum: string | undefined
  for (const line of lines) {
    if (line === '' || /^[A-Za-z-]+: /.test(line)) continue
    if (/^=[A-Za-z0-9+/]{4}$/.test(line)) checksum = line.slice(1)
    else if (/^[A-Za-z0-9+/]+={0,2}$/.test(line)) data.push(line)
    else throw new FetchError('refused', 'A key holds a line that is no base64')
  }
  const bytes = Buffer.from(data.join(''), 'base64')
  if (checksum !== undefined && Buffer.from(checksum, 'base64').readUIntBE(0, 3) !== crc24(bytes)) {
    throw new FetchError('refused', 'A key is damaged: its checksum does not fit')
  }
  return bytes
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
