/** Who starts programs, on which side of the wall, and who reads /proc: by the sources. */
import { describe, expect, it } from 'vitest'
import { INSIDE, OUTSIDE, SANDBOXES, SENDER } from '../../../src/process/programs.ts'
import { sources } from '../../helpers/sources.ts'

const all = sources('src', 'workers')
const elsewhere = all.filter(({ path }) => !path.startsWith('src/process/'))
const pathsOf = (pattern: RegExp, among = all) => among.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

describe('src/process', () => {
  it('src/process alone starts programs, in one file, and three others say which', () => {
    expect(all.filter(({ packages }) => packages.includes('node:child_process')).map(({ path }) => path))
      .toEqual(['src/process/start.ts'])
    expect(pathsOf(/\bnew Running\(/).sort()).toEqual([
      'src/process/inside.ts',
      'src/process/outside.ts',
      'src/process/sender.ts',
    ])
  })

  it('src/process alone sends signals, in one file', () => {
    expect(pathsOf(/\bkill\b[^}\n]*\} from 'node:process'|\bprocess\.kill\(/)).toEqual(['src/process/signals.ts'])
  })

  it('src/process alone reads /proc, in one file', () => {
    expect(pathsOf(/['"`]\/proc\b/, elsewhere)).toEqual([])
    expect(pathsOf(/Sync\(['"`]\/proc/)).toEqual(['src/process/proc.ts'])
  })

  it('src/process alone knows how a sandbox is made', () => {
    expect(pathsOf(/\b(bwrap|prlimit --|--unshare|--ro-bind)\b/, elsewhere)).toEqual([])
  })
})

describe('the programs outside the wall', () => {
  it('the list of programs outside the wall says which bytes each reads', () => {
    const VERSION = 'nothing: it is asked for its version'
    expect(OUTSIDE).toEqual({
      'abrt-retrace-worker':
        'what an upload unpacked to: manifest files and headers of the core, by our own code (src/elf)',
      'node': 'nothing: it gives back the listening socket that it is given',
      'systemd-notify': 'nothing: it sends words of ours to the supervisor',
      'unshare': 'nothing: it makes the user namespace of sandboxes, in which tee writes a number of ours',
      'openssl': 'nothing: it makes a key, and a certificate of words of ours',
      'flock': 'nothing: it locks the open file that it is given',
      'setpriv': VERSION,
      'prlimit': VERSION,
      'gdb-multiarch': VERSION,
      'qemu-s390x-static': VERSION,
      'xz': VERSION,
      'zstd': VERSION,
      'gpgv': VERSION,
      'gdb': VERSION,
      'dpkg-deb': VERSION,
      'rpmkeys': VERSION,
      'lz4': VERSION,
      'eu-elfcompress': VERSION,
    })
  })

  it('each program outside the wall is started somewhere', () => {
    const startedIn = all.filter(({ path }) => path !== 'src/process/programs.ts')
    const unused = Object.keys(OUTSIDE).filter((name) => !startedIn.some(({ text }) => text.includes(`'${name}'`)))
    expect(unused).toEqual([])
  })
})

describe('the programs of the sender', () => {
  it('the programs of the sender are started by the client, and by nothing else', () => {
    const client = all.filter(({ path }) => path.startsWith('src/client/'))
    expect(Object.keys(SENDER).filter((name) => !client.some(({ text }) => text.includes(`'${name}'`)))).toEqual([])
    expect(pathsOf(/\bstartForSender\(/, elsewhere).filter((path) => !path.startsWith('src/client/'))).toEqual([])
  })
})

describe('the programs behind the wall', () => {
  it('each program behind the wall is started somewhere, in a sandbox of the list', () => {
    const others = all.filter(({ path }) => path !== 'src/process/programs.ts')
    const named = (name: string) => others.some(({ text }) => new RegExp(`['"]?\\b${name}\\b['"]?`).test(text))
    expect(Object.keys(INSIDE).filter((name) => !named(name))).toEqual([])
    const used = new Set(Object.values(INSIDE).flatMap(({ sandbox }) => [...sandbox]))
    expect([...used].sort()).toEqual(Object.keys(SANDBOXES).sort())
  })

  it('the list of programs behind the wall has all that a maker of a sandbox names', () => {
    const makers = all.flatMap(({ text }) => [...text.matchAll(/systemSandbox\('([^']+)'/g)].map(([, name]) => name))
    expect(makers.length).toBeGreaterThan(5)
    expect(makers.filter((name) => !((name ?? '') in INSIDE))).toEqual([])
  })
})
