/** Who owns what a sandbox was given, and what is left alone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath, geteuid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { handOver, handOverPrivate, share, takeBack, takeBackHanded } from '../../../src/process/ownership.ts'
import { wallUser } from '../../../src/process/users.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const OTHER = 12_345

/** Puts a link in the place of a folder, and the folder back, as fast as can be. */
const SWAP = `const fs = require('node:fs')
  const [, place, victim] = process.argv
  process.chdir(place)
  console.log('on')
  for (;;) {
    fs.renameSync('sub', 'aside'); fs.symlinkSync(victim, 'sub')
    fs.unlinkSync('sub'); fs.renameSync('aside', 'sub')
  }`

describe.skipIf(geteuid?.() !== 0)('what a sandbox was given', () => {
  it('changes hands and comes back with all in it, and what links lead to stays as it is', async () => {
    await using folder = await temporaryFolder()
    const [given, outside] = [folder.file('given'), folder.file('outside')]
    mkdirSync(join(given, 'deep'), { recursive: true })
    writeFileSync(join(given, 'deep', 'file'), '', { mode: 0o600 })
    writeFileSync(outside, '', { mode: 0o600 })
    chownSync(outside, OTHER, OTHER)
    symlinkSync(outside, join(given, 'link'))
    handOver(given)
    for (const each of ['', 'deep', 'deep/file', 'link']) expect(lstatSync(join(given, each)).uid).toBe(wallUser())
    takeBack(given)
    for (const each of ['', 'deep', 'deep/file', 'link']) expect(lstatSync(join(given, each)).uid).toBe(0)
    chmodSync(given, 0o700)
    share(given)
    expect([statSync(join(given, 'deep')), statSync(join(given, 'deep/file'))].map(({ mode }) => mode & 0o004))
      .toEqual([0o004, 0o004])
    expect([statSync(outside).uid, statSync(outside).mode & 0o777]).toEqual([OTHER, 0o600])
    expect(() => takeBack(folder.file('gone'))).not.toThrow()
  })

  it('comes back where it has another name by then, whoever has the old one', async () => {
    await using folder = await temporaryFolder()
    const [before, after] = [folder.file('before'), folder.file('after')]
    writeFileSync(before, '', { mode: 0o600 })
    const handed = handOverPrivate(before)
    expect(lstatSync(before).uid).toBe(wallUser())
    renameSync(before, after)
    writeFileSync(before, '')
    chownSync(before, OTHER, OTHER)
    if (handed !== undefined) takeBackHanded(handed)
    expect([lstatSync(after).uid, lstatSync(before).uid]).toEqual([0, OTHER])
  })

  it('is not left by a link that is put in the place of a folder while it is walked', async () => {
    await using folder = await temporaryFolder()
    const [given, victim] = [folder.file('given'), folder.file('victim')]
    for (const each of [join(given, 'sub'), victim]) {
      mkdirSync(each, { recursive: true })
      for (let file = 0; file < 20; file++) writeFileSync(join(each, String(file)), '')
    }
    for (let file = 0; file < 20; file++) chownSync(join(victim, String(file)), OTHER, OTHER)
    const swapper = spawn(execPath, ['-e', SWAP, given, victim], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(swapper.stdout, 'data')
      for (let round = 0; round < 500; round++) takeBack(given)
    } finally {
      swapper.kill('SIGKILL')
      await once(swapper, 'close')
    }
    const owners = Array.from({ length: 20 }, (_, file) => statSync(join(victim, String(file))).uid)
    expect(new Set(owners)).toEqual(new Set([OTHER]))
  })
})
