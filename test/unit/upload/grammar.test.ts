import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetraceError } from '../../../src/errors/errors.ts'
import { checkText } from '../../../src/upload/grammar.ts'
import { property } from '../../helpers/properties.ts'
import { cpuMilliseconds } from '../../helpers/cpu.ts'

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"

# a comment
ID=debian
`

const GOOD: Record<string, string[]> = {
  architecture: [
    'x86_64',
    ' x86_64\r\n',
    'amd64',
    'i586',
    'aarch64',
    'armv7hl',
    'ppc64le',
    's390x',
    'riscv64',
    'mips64el',
  ],
  release: [
    'fedora-40',
    'debian-12-amd64\n',
    'Fedora release 40 (Forty)\r\n',
    'Debian GNU/Linux 12 (bookworm)',
    'CentOS Linux release 7.9.2009 (Core)',
    'Somebody\'s "Linux", v1+2:3',
    '  Fedora release 38  (Thirty Eight)  \n\n',
    `a ${'b'.repeat(198)}`,
  ],
  packages: [
    '',
    '\n',
    '# nothing\n',
    'bash-5.2.26-3.fc40.x86_64\n\n# next\nglibc-2.39-6.fc40\n',
    'java-17-openjdk-headless-1:17.0.9.0.9-3.fc39.x86_64',
    'libreoffice-impress-1:7.4.7-1+deb12u5',
    'libstdc++6_12.2.0-14+deb12u1_amd64\r\nlibc6_2.36-9+deb12u14\r\n',
    'python3.11=3.11.2-6+deb12u6\nlibc6:amd64=2.36-9+deb12u14',
    'base-files_12.4+deb12u11_amd64\ntzdata_2025b-0+deb12u1_all',
    'foo-1.0~rc1^git123-1.fc40',
    'gpgv_2:1.0~beta-1',
    '2:spikecrash-1.0-3.fc38\n1:java-17-openjdk-17.0.9.0.9-3.fc39.x86_64',
  ],
  package: [
    '2:spikecrash-1.0-3.fc38',
    '0:bash-5.2.26-3.fc40.x86_64',
    'bash-0:5.2.26-3.fc40',
    'bash-5.2.26-3.fc40',
    'java-17-openjdk-1:17.0.9.0.9-3.fc39.x86_64',
    'libreoffice-impress-1:7.4.7-1+deb12u5',
  ],
  executable: ['/usr/bin/bash', '/opt/with space/x\n', '/usr/bin/naïve', '/'],
  rootdir: ['/var/lib/mock/root'],
  os_release: [
    'Fedora release 38 (Thirty Eight)',
    OS_RELEASE,
    OS_RELEASE.replaceAll('\n', '\r\n'),
    'ID=alpine',
    'rawhide',
  ],
  os_release_in_rootdir: ['CentOS Linux release 7.9.2009 (Core)\n'],
}

const BAD: Record<string, string[]> = {
  architecture: ['', ' \n', 'x86 64', 'x86-64', 'x'.repeat(33), 'x86_64\ni386', 'amd64;', '../x'],
  release: [
    '',
    'Debian',
    'debian 12\nfedora 40',
    'fedora 40 <b>',
    'a `id`',
    'Fedora-40',
    `a ${'b'.repeat(199)}`,
    `a-${'b'.repeat(199)}`,
    'fedora 40 \u00e9',
    '../etc x/$(y)',
  ],
  packages: [
    'bash',
    'bash-5.2',
    'bash 5.2-1',
    'bash-5.2.26-3.fc40\n; rm',
    'x_\n',
    '=1',
    '-1-2',
    'a=',
    'bash-x:5.2-1',
    'x:bash-5.2-1',
    '2:bash-1:5.2-1',
    '2:3:bash-5.2-1',
    '2:bash-5.2',
    ':bash-5.2-1',
    'a-b:1-2',
    '/bin/x-1-2',
  ],
  package: [
    '',
    'bash',
    'bash-5.2',
    'libc6_2.36-9_amd64',
    'bash-5.2-1\nbash-5.2-2',
    '--',
    '2:bash',
    '2:bash-1:5.2-1',
    '-2:bash-5-1',
  ],
  executable: ['', 'bash', 'usr/bin/bash', '/a\n/b', `/${'a'.repeat(4096)}`],
  rootdir: ['relative'],
  os_release: ['', 'Debian', 'ID=debian\nno assignment', '# only a comment'],
  os_release_in_rootdir: ['\n'],
}

function cases(table: Record<string, string[]>): [string, string][] {
  return Object.entries(table).flatMap(([member, values]) => values.map((value): [string, string] => [member, value]))
}

function fault(member: string, content: Uint8Array): RetraceError | undefined {
  try {
    checkText(member, content)
    return undefined
  } catch (error) {
    if (error instanceof RetraceError) return error
    throw error
  }
}

describe('checkText()', () => {
  it.each(cases(GOOD))('takes %s %j', (member, value) => {
    expect(fault(member, Buffer.from(value))).toBeUndefined()
  })

  it.each(cases(BAD))('answers 403 naming the member to %s %j', (member, value) => {
    const error = fault(member, Buffer.from(value))
    expect(error?.code).toBe('bad-content')
    expect(error?.message).toContain(`'${member}'`)
  })

  it.each([
    ['a byte that is no UTF-8', [0xff]],
    ['a cut sequence', [0x61, 0xc3]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['NUL', [0]],
    ['ESC', [0x1b]],
    ['BEL', [7]],
    ['VT', [0x0b]],
    ['DEL', [0x7f]],
    ['a C1 control', [0xc2, 0x85]],
  ])('answers 403 to %s in any member', (_, bytes) => {
    for (const [member, values] of Object.entries(GOOD)) {
      const content = Buffer.concat([Buffer.from(values.at(-1)!), Buffer.from(bytes)])
      expect(fault(member, content)?.code).toBe('bad-content')
    }
  })

  it('shows what it refused escaped and cut', () => {
    const error = fault('architecture', Buffer.from(`a\u202eb${'c'.repeat(9000)}`))
    expect(error?.message).toContain('a\\u202eb')
    expect(error?.message.length).toBeLessThan(400)
  })

  it('takes a time that grows with the member, not with its square', () => {
    for (const text of ['-', 'a-', 'a-1:', 'a_', '=', ':', ' a', 'a\n', '-:', '1', 'a=1-']) {
      for (const member of Object.keys(GOOD)) {
        const took = cpuMilliseconds(() => fault(member, Buffer.from(text.repeat(1_000_000 / text.length))))
        expect(took).toBeLessThan(1500)
      }
    }
  })

  it('takes or refuses any bytes', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    )
    property(fc.record({ member: fc.constantFrom(...Object.keys(GOOD)), noise }), ({ member, noise }) => {
      expect(fault(member, noise)?.code ?? 'bad-content').toBe('bad-content')
    })
  })
})
