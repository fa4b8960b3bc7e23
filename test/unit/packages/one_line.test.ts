import { describe, expect, it } from 'vitest'
import { adviceOnList, stanzaOfLine } from '../../../src/packages/deb/one_line.ts'
import { readSources } from '../../../src/packages/deb/sources_file.ts'

describe('stanzaOfLine()', () => {
  it.each([
    ['arch=amd64,arm64', ['amd64', 'arm64']],
    ['arch+=arm64', ['amd64', 'arm64']],
    ['arch=amd64,arm64 arch-=arm64', ['amd64']],
  ])('writes [%s] as fields that are read', (options, architectures) => {
    const stanza = stanzaOfLine(`deb [ ${options} lang-=de trusted=no ] http://a.example/debian bookworm main # x`)
    const { repositories, faults, warnings } = readSources('a', stanza?.join('\n') ?? '')
    expect(repositories.map((one) => one.architectures)).toEqual([architectures])
    expect(faults).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('trusted has no effect')])
  })

  it('takes no disc for a repository', () => {
    const line = 'deb cdrom:[Debian GNU/Linux 12.0.0 _Bookworm_ - Official amd64 NETINST]/ bookworm main'
    expect(stanzaOfLine(line)).toBeUndefined()
    expect(adviceOnList('a.list', line)).toEqual([expect.stringContaining('a.list is not read')])
  })
})
