import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { armour, dearmour, keyRing } from '../../../src/packages/verify/key_ring.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** Packets as a key has them: a public key (old form), a user id (new form). */
const KEY = Buffer.from([0x98, 3, 4, 1, 2, 0xcd, 2, 65, 66])
const [BEGIN = '', , BASE64 = '', CHECKSUM = '', END = ''] = armour(KEY).split('\n')
const NONE = () => undefined

describe('dearmour()', () => {
  it.each([
    ['headers', [BEGIN, 'Version: 1', 'Comment: a: b', '', BASE64, CHECKSUM, END]],
    ['a header without a value', [BEGIN, 'Comment:', '', BASE64, CHECKSUM, END]],
    ['headers and no empty line', [BEGIN, 'Comment:', BASE64, CHECKSUM, END]],
    ['no checksum', [BEGIN, '', BASE64, END]],
    ['a wrong checksum, which says nothing (RFC 9580, chapter 6.1)', [BEGIN, '', BASE64, '=AAAA', END]],
    ['text around it, and spaces at the ends of lines', ['A key:', `${BEGIN} `, ' ', `${BASE64} `, END, 'Yours']],
  ])('reads a block with %s', (_what, lines) => {
    expect(Buffer.from(dearmour(lines.join('\r\n'), 'A key')).equals(KEY)).toBe(true)
  })

  it('reads all blocks of a text', () => {
    expect(dearmour(`${armour(KEY)}\n${armour(KEY)}`, 'A key')).toHaveLength(2 * KEY.length)
  })
})

describe('keyRing()', () => {
  it.each([
    ['<!DOCTYPE html>\n<html><head><title>Log in</title>', /is a page of HTML \('Log in'\)/],
    [
      Buffer.concat([Buffer.from([0, 0, 0, 32, 1, 1, 0, 2]), Buffer.from('KBXf')]),
      /is a keybox of GnuPG.*gpg --export/,
    ],
    ['root:x:0:0:', /holds no OpenPGP key/],
    [KEY.subarray(0, -1), /holds no OpenPGP key that is public and whole/],
    [Buffer.from([0x95, 1, 0, 4]), /holds no OpenPGP key that is public/],
    [`${BEGIN}\n\n?\n${END}\n`, /no base64/],
    [`${BEGIN}\n\n${BASE64}\n`, /is cut off: a key in it has no END line/],
    [`${armour(KEY)}${BEGIN}\n`, /is cut off/],
    [`${BEGIN}\n\n${BASE64.slice(0, 4)}\n${END}\n`, /holds no OpenPGP key that is public and whole/],
    [' '.repeat(8 * 2 ** 20 + 1), /is larger than 8 MiB/],
  ])('passes over a file that is no key, naming why, and keeps the others', async (content, why) => {
    await using folder = await temporaryFolder()
    const [good, bad] = [folder.file('good.gpg'), folder.file('bad.gpg')]
    writeFileSync(good, KEY)
    writeFileSync(bad, content)
    const warnings: string[] = []
    const trust = { files: [bad, folder.file('none.gpg'), good], inline: [], fingerprints: [] }
    expect(Buffer.from(await keyRing(trust, (message) => warnings.push(message))).equals(KEY)).toBe(true)
    expect(warnings[0]).toMatch(why)
    expect(warnings[0]).toContain(bad)
    expect(warnings[0]).toContain('it is passed over')
    expect(warnings[1]).toContain('none.gpg cannot be read (ENOENT)')
    await expect(keyRing({ ...trust, files: [bad] }, NONE)).rejects.toThrow(why)
    await expect(keyRing({ ...trust, files: [bad] }, NONE)).rejects.toThrow(bad)
  })
})
