import { describe, expect, it } from 'vitest'
import { isSameRelease, releaseId } from '../../../src/packages/release/release_id.ts'

describe('releaseId()', () => {
  it.each([
    ['Fedora release 38 (Thirty Eight)', 'x86_64', 'fedora-38-x86_64'],
    ['Fedora release 41 (Rawhide)', 'aarch64', 'fedora-rawhide-aarch64'],
    ['CentOS Linux release 7.9.2009 (Core)', 'x86_64', 'centos-7-x86_64'],
    ['CentOS Stream release 9', 'x86_64', 'centos-9-x86_64'],
    ['Red Hat Enterprise Linux release 8.4 (Ootpa)', 's390x', 'rhel-8-s390x'],
    ['Red Hat Enterprise Linux Server release 6.10 (Santiago)', 'i686', 'rhel-6-i386'],
    ['Debian GNU/Linux 12 (bookworm)', 'x86_64', 'debian-12-amd64'],
    ['Debian GNU/Linux trixie/sid', 'riscv64', 'debian-sid-riscv64'],
    ['Ubuntu 22.04.3 LTS', 'amd64', 'ubuntu-22.04-amd64'],
    ['AlmaLinux release 9.2 (Turquoise Kodkod)', 'ppc64le', 'almalinux-9-ppc64le'],
  ])('reads the release file "%s"', (text, architecture, id) => {
    expect(releaseId(text, architecture)).toBe(id)
  })

  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n', 'debian-12-amd64'],
    ['NAME="Fedora Linux"\nID=fedora\nVERSION_ID=40\n', 'fedora-40-x86_64'],
    ['ID="rhel"\nVERSION_ID="9.3"\n', 'rhel-9-x86_64'],
    [
      'ID=fedora\nVERSION="41 (Workstation Edition)"\nVERSION_ID=41\nREDHAT_BUGZILLA_PRODUCT_VERSION=rawhide\n',
      'fedora-rawhide-x86_64',
    ],
    ["ID='ubuntu'\nVERSION_ID='24.04'\n", 'ubuntu-24.04-amd64'],
    ['PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\nVERSION_CODENAME=forky\n', 'debian-sid-amd64'],
  ])('reads os-release', (text, id) => {
    expect(releaseId(text, 'x86_64')).toBe(id)
  })

  it.each([
    ['debian-12', 'amd64', 'debian-12-amd64'],
    ['debian-12-amd64', undefined, 'debian-12-amd64'],
    ['debian-12-x86_64', undefined, 'debian-12-amd64'],
    ['fedora-40-amd64', undefined, 'fedora-40-x86_64'],
    ['fedora-40-i686', undefined, 'fedora-40-i386'],
    ['debian-12-i386', 'amd64', 'debian-12-amd64'],
    ['opensuse-leap-15.5-x86_64', undefined, 'opensuse-leap-15.5-x86_64'],
    ['ID="opensuse-tumbleweed"\nVERSION_ID="20261120"\n', 'x86_64', 'opensuse-tumbleweed-x86_64'],
    ['ID=kali\nVERSION_ID="2026.3"\n', 'amd64', 'kali-rolling-amd64'],
    ['Kali GNU/Linux Rolling', 'amd64', 'kali-rolling-amd64'],
    ['ID=zorin\nVERSION_ID="17"\n', 'x86_64', 'zorin-17-amd64'],
  ])('brings the id %s (core: %s) into the one spelling', (text, architecture, id) => {
    expect(releaseId(text, architecture)).toBe(id)
  })

  it.each([['', 'amd64'], ['debian-12', undefined], ['()', 'amd64'], ['debian-12', 'vax']])(
    'knows no release in %j for %s',
    (text, architecture) => {
      expect(releaseId(text, architecture)).toBeUndefined()
    },
  )
})

describe('isSameRelease()', () => {
  it('takes a machine for the same by whosever name', () => {
    expect(isSameRelease('acme-3-amd64', 'acme-3-x86_64')).toBe(true)
    expect(isSameRelease('acme-3-amd64', 'acme-3-arm64')).toBe(false)
    expect(isSameRelease('acme-3-amd64', 'acme-4-amd64')).toBe(false)
  })
})
