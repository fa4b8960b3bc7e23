import { describe, expect, it } from 'vitest'
import { releaseId } from '../../../src/packages/release/release_id.ts'
import { releaseOf, type SuiteNames, teach } from '../../../src/packages/deb/release_name.ts'

const URI = 'http://archive.example/'

function names(fields: Partial<SuiteNames>): SuiteNames {
  return {
    origin: undefined,
    suite: undefined,
    codename: undefined,
    version: undefined,
    asked: 'x',
    uri: URI,
    ...fields,
  }
}

describe('releaseOf()', () => {
  it.each([
    [{ origin: 'Debian', suite: 'oldstable', version: '12.15', codename: 'bookworm' }, 'debian-12'],
    [
      { origin: 'Debian', suite: 'oldstable-updates', version: '12-updates', codename: 'bookworm-updates' },
      'debian-12',
    ],
    [{ origin: 'Debian', suite: 'stable-security', version: '13', codename: 'trixie-security' }, 'debian-13'],
    [{ origin: 'Debian Backports', suite: 'stable-backports', codename: 'trixie-backports' }, 'debian-13'],
    [{ origin: 'Debian Backports', codename: 'bullseye-backports-sloppy' }, 'debian-11'],
    [{ origin: 'Debian', codename: 'bookworm-proposed-updates' }, 'debian-12'],
    [{ origin: 'Debian debug', suite: 'stable-debug', codename: 'bookworm-debug' }, 'debian-12'],
    [{ origin: 'Debian', suite: 'buster/updates', codename: 'buster' }, 'debian-10'],
    [{ origin: 'Debian', suite: 'unstable', codename: 'sid' }, 'debian-sid'],
    [{ origin: 'Debian Ports', suite: 'unstable', codename: 'sid' }, 'debian-sid'],
    [{ origin: 'Debian', suite: 'experimental', codename: 'rc-buggy' }, 'debian-sid'],
    [{ origin: 'Ubuntu', suite: 'jammy-updates', version: '22.04', codename: 'jammy' }, 'ubuntu-22.04'],
    [{ origin: 'UbuntuESM', suite: 'jammy-infra-security', version: '22.04', codename: 'jammy' }, 'ubuntu-22.04'],
    [{ origin: 'linuxmint', suite: 'virginia', version: '21.3', codename: 'virginia' }, 'linuxmint-21.3'],
    [{ origin: 'linuxmint', codename: 'virginia' }, 'linuxmint-21.3'],
    [{ origin: 'Debian', suite: 'stable', version: '13.0', codename: 'bookworm' }, 'debian-13'],
    [{ origin: 'linuxmint', suite: 'wilma', version: '22', codename: 'wilma' }, 'linuxmint-22'],
    [{ origin: 'Linux Mint', codename: 'faye' }, 'linuxmint-6'],
    [{ origin: 'Raspbian', suite: 'stable', codename: 'bookworm' }, 'raspbian-12'],
    [{ origin: 'Devuan', suite: 'stable-updates', codename: 'daedalus-updates' }, 'devuan-5'],
    [{ origin: 'Devuan', codename: 'jessie' }, 'devuan-1'],
    [{ origin: 'Kali', suite: 'kali-rolling', version: '2026.3', codename: 'kali-rolling' }, 'kali-rolling'],
    [{ origin: 'neon', codename: 'jammy' }, 'neon-22.04'],
  ])('takes the suite of a distribution %j for %s', (fields, release) => {
    expect(releaseOf(names(fields))).toEqual({ release, doubt: undefined })
  })

  it.each([
    [{ origin: '. bookworm', suite: 'bookworm', codename: 'bookworm' }, 'debian-12'],
    [{ codename: 'bookworm' }, 'debian-12'],
    [{ asked: 'trixie' }, 'debian-13'],
    [{ origin: 'Docker', suite: 'bookworm', codename: 'bookworm' }, 'debian-12'],
    [{ origin: 'Docker', suite: 'noble' }, 'ubuntu-24.04'],
    [{ origin: 'apt.postgresql.org', suite: 'bookworm-pgdg', codename: 'bookworm-pgdg' }, 'debian-12'],
    [{ origin: 'apt.postgresql.org', suite: 'jammy-pgdg', codename: 'jammy-pgdg' }, 'ubuntu-22.04'],
    [{ origin: 'LLVM', suite: 'llvm-toolchain-bookworm-17', codename: 'llvm-toolchain-bookworm-17' }, 'debian-12'],
    [{ origin: 'LP-PPA-deadsnakes', suite: 'jammy', version: '22.04', codename: 'jammy' }, 'ubuntu-22.04'],
    [{ origin: 'Acme', suite: 'bookworm', version: '1.7', codename: 'bookworm' }, 'debian-12'],
    [{ origin: 'Proxmox', codename: 'trixie' }, 'debian-13'],
    [{ origin: 'obs://build.opensuse.org/home:x/Debian_12', codename: 'Debian_12', asked: '/' }, 'debian-12'],
    [{ origin: 'obs://build.opensuse.org/home:x', codename: 'xUbuntu_22.04', asked: '/' }, 'ubuntu-22.04'],
    [{ origin: 'obs://build.opensuse.org/home:x', codename: 'Debian_Testing', asked: '/' }, 'debian-sid'],
    [{ origin: 'NVIDIA', asked: '/', uri: 'https://x.example/cuda/repos/debian12/x86_64/' }, 'debian-12'],
    [{ origin: 'NVIDIA', asked: '/', uri: 'https://x.example/cuda/repos/ubuntu2204/x86_64/' }, 'ubuntu-22.04'],
  ])('takes the archive of others %j for %s', (fields, release) => {
    expect(releaseOf(names(fields))).toEqual({ release, doubt: undefined })
  })

  it.each([
    [{ origin: 'Debian', suite: 'testing', codename: 'forky' }, 'debian-forky', 'X-Retrace-Release: debian-sid'],
    [
      { origin: 'Acme', suite: 'stable', version: '3.1', codename: 'roadrunner' },
      'acme-3',
      'X-Retrace-Release: debian-12',
    ],
    [{ origin: 'Google LLC', suite: 'stable', codename: 'stable' }, 'google-stable', 'X-Retrace-Release: debian-12'],
  ])('says of %j, which feeds %s, the line to add', (fields, release, line) => {
    expect(releaseOf(names(fields))).toEqual({ release, doubt: expect.stringContaining(line) })
  })

  // What its archives say of themselves, and os-release(5) of a system that has its packages from there.
  it.each([
    ['zorin', { origin: 'Zorin OS', codename: 'jammy' }, 'ID=zorin\nVERSION_ID="17"\nVERSION_CODENAME=jammy'],
    ['zorin 18', { origin: 'zorinos', suite: 'noble' }, 'ID=zorin\nVERSION_ID="18.1"\nVERSION_CODENAME=noble'],
    [
      'elementary',
      { origin: 'LP-PPA-elementary-os-stable', suite: 'jammy', version: '22.04', codename: 'jammy' },
      'ID=elementary\nVERSION_ID="7.1"\nVERSION_CODENAME=horus',
    ],
    ['elementary OS', { origin: 'elementary', codename: 'horus' }, 'ID=elementary\nVERSION_ID="7"'],
    ['parrot', { origin: 'Parrot', suite: 'stable', codename: 'lory' }, 'ID=parrot\nVERSION_ID="6.1"'],
    ['parrot 7', { origin: 'Parrot', codename: 'echo-security' }, 'ID=parrot\nVERSION_ID="7.0"'],
    ['pureos', { origin: 'PureOS', codename: 'byzantium' }, 'ID=pureos\nVERSION_ID="10.0"'],
    ['pureos updates', { origin: 'PureOS', codename: 'crimson-updates' }, 'ID=pureos\nVERSION_ID="11.0"'],
    ['pop', { origin: 'pop-os-release', codename: 'jammy' }, 'ID=pop\nVERSION_ID="22.04"'],
    ['neon', { origin: 'KDE neon', codename: 'noble' }, 'ID=neon\nVERSION_ID="24.04"'],
    ['trisquel', { origin: 'Trisquel', codename: 'aramo-security' }, 'ID=trisquel\nVERSION_ID="11.0"'],
    ['deepin', { origin: 'Linux Deepin', codename: 'beige' }, 'ID=deepin\nVERSION_ID="23"'],
    ['uos', { origin: 'UOS', codename: 'eagle' }, 'ID=uos\nVERSION_ID="20"'],
    ['raspbian', { origin: 'Raspbian', codename: 'bookworm' }, 'ID=raspbian\nVERSION_ID="12"'],
    ['kali', { origin: 'Kali', codename: 'kali-rolling' }, 'ID=kali\nVERSION_ID="2025.4"'],
    ['kali later', { origin: 'Kali', version: '2026.3', codename: 'kali-rolling' }, 'ID=kali\nVERSION_ID="2025.4"'],
    ['astra', { origin: 'Astra', codename: '1.7_x86-64' }, 'ID=astra\nVERSION_ID=1.7_x86-64'],
    ['sparky', { origin: 'SparkyLinux', codename: 'orion' }, 'ID=sparky\nVERSION_ID="7"'],
    ['pardus', { origin: 'Pardus', codename: 'yirmiuc' }, 'ID=pardus\nVERSION_ID="23.2"'],
    ['endless', { origin: 'Endless', codename: 'eos5' }, 'ID=endless\nVERSION_ID="5.1.2"'],
    ['bodhi', { origin: 'Bodhi', codename: 'jammy' }, 'ID=bodhi\nVERSION_ID="7.0.0"'],
    ['devuan', { origin: 'Devuan', codename: 'excalibur' }, 'ID=devuan\nVERSION_ID="6"'],
    ['mint', { origin: 'linuxmint', codename: 'zara' }, 'ID=linuxmint\nVERSION_ID="22.2"'],
    [
      'mx, whose systems say that they are Debian',
      { origin: 'mx', codename: 'bookworm' },
      'ID=debian\nVERSION_ID="12"',
    ],
  ])('gives the archive of %s the release that its cores are of', (_name, fields, osRelease) => {
    const { release, doubt } = releaseOf(names(fields))
    expect(releaseId(osRelease, 'amd64')).toBe(`${release}-amd64`)
    expect(doubt).toBeUndefined()
  })

  it.each([
    [{ origin: 'Zorin OS', codename: 'unheard' }, 'zorin-unheard', 'zorin-18'],
    [{ origin: 'Ubuntu', codename: 'unheard' }, 'ubuntu-unheard', 'ubuntu-26.04'],
    [{ origin: 'Peppermint', codename: 'unheard' }, 'peppermint-unheard', 'peppermint-1'],
    [{ origin: 'linuxmint', codename: 'unheard' }, 'linuxmint-unheard', 'linuxmint-22.2'],
  ])('doubts a code name that nobody has published: %j', (fields, release, example) => {
    const doubt = expect.stringMatching(
      new RegExp(`add the line X-Retrace-Release: ${example.replaceAll('.', '\\.')}$`),
    )
    expect(releaseOf(names(fields))).toEqual({ release, doubt })
  })

  it.each([['Debian', 'debian-13'], ['Ubuntu', 'ubuntu-26.04'], ['PureOS', 'pureos-12']])(
    'gives %s an example that is a release of its own',
    (origin, example) => {
      expect(() => releaseOf(names({ origin, asked: '/' }))).toThrow(new RegExp(`X-Retrace-Release: ${example}$`))
    },
  )

  it('learns from a suite with a Version what one of the same origin without feeds', () => {
    const learnt = new Map<string, string>()
    const updates = names({ origin: 'Acme', codename: 'roadrunner-updates' })
    expect(releaseOf(updates, learnt).release).toBe('acme-roadrunner')
    releaseOf(names({ origin: 'Acme', suite: 'stable', version: '3.1', codename: 'roadrunner' }), learnt)
    expect(releaseOf(updates, learnt)).toEqual({ release: 'acme-3', doubt: undefined })
    expect(releaseOf(names({ origin: 'Other', codename: 'roadrunner-updates' }), learnt).release).toBe(
      'other-roadrunner',
    )
  })

  it('learns from what an administrator says of another suite', () => {
    const learnt = new Map<string, string>()
    teach(learnt, names({ origin: 'Acme', codename: 'roadrunner' }), 'debian-12')
    expect(releaseOf(names({ origin: 'Acme', codename: 'roadrunner-backports' }), learnt).release).toBe('debian-12')
  })

  it('refuses what says nothing, naming what there is and the line to add', () => {
    expect(() => releaseOf(names({ codename: 'My Own', asked: './' }))).toThrow(
      "says of no release that it feeds (it has codename 'My Own'): add a line like X-Retrace-Release: debian-12",
    )
    expect(() => releaseOf(names({ asked: '/' }))).toThrow('it has no names at all')
  })
})
