import { describe, expect, it } from 'vitest'
import { naming as deb } from '../../../src/packages/deb/naming.ts'
import { formatNamed } from '../../../src/packages/format/naming.ts'
import { FORMATS } from '../../../src/packages/formats.ts'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import { naming as rpm } from '../../../src/packages/rpm/naming.ts'

describe('the naming of Debian packages', () => {
  it('joins name, version and architecture with underscores', () => {
    expect(deb.label({ name: 'libc6', version: '2.36-9', architecture: 'amd64' })).toBe('libc6_2.36-9_amd64')
    expect(deb.label({ name: 'libc6', version: '2.36-9', architecture: undefined })).toBe('libc6_2.36-9')
  })

  it.each([
    ['libc6-dbg', 'libc6'],
    ['libgcc-s1-dbgsym', 'libgcc-s1'],
    ['libc6', 'libc6'],
    ['x-debuginfo', 'x-debuginfo'],
  ])('takes %s for debuginfo of %s', (debug, binary) => expect(deb.binaryName(debug)).toBe(binary))

  it('the naming of Debian packages knows packages for every machine, no second architecture in a release, and no package of sources', () => {
    expect(['all', 'noarch', 'amd64'].map(deb.isIndependent)).toEqual([true, false, false])
    expect(deb.multilib('amd64')).toBeUndefined()
    expect(deb.isWithoutDebuginfo('x-debugsource')).toBe(false)
  })

  it('libstdc++ of GCC 9 and later that was built for debugging is no debuginfo of the one that programs run with', () => {
    const builds = [
      'libstdc++6-9-dbg',
      'libstdc++6-12-dbg',
      'lib32stdc++6-12-dbg',
      'libx32stdc++6-14-dbg',
      'libn32stdc++6-13-dbg',
    ]
    expect(builds.map(deb.isWithoutDebuginfo)).toEqual(builds.map(() => true))
    const others = ['libstdc++6-8-dbg', 'libstdc++6-4.9-dbg', 'libstdc++6-dbgsym', 'libc6-dbg', 'libstdc++6']
    expect(others.map(deb.isWithoutDebuginfo)).toEqual(others.map(() => false))
    expect(deb.mainDebugName('glibc')).toBeUndefined()
  })

  it.each([
    ['libc6:i386=2.36-9', [['libc6', '2.36-9', 'i386']]],
    ['libc6_2.36-9_all', [['libc6', '2.36-9', 'all']]],
    ['base-files-12.4+deb12u5', [['base-files', '12.4+deb12u5', undefined]]],
    ['base-files-12.4.all', [['base-files', '12.4', 'all']]],
    ['2:libfoo-9.0.1378-2', [['libfoo', '2:9.0.1378-2', undefined], ['libfoo-9.0.1378', '2:2', undefined]]],
    ['2:foo_1-2:1.0-3', []],
    ['foo-1-2.0', [['foo', '1-2.0', undefined], ['foo-1', '2.0', undefined]]],
    ['libfoo_2-1.0-3.fc40.x86_64', []],
    ['a=b=c', []],
  ])('reads %s', (text, readings) => {
    expect(deb.readings(text).map(({ name, version, architecture }) => [name, version, architecture])).toEqual(readings)
  })
})

describe('the naming of RPM packages', () => {
  it('joins name and version with a dash, and the architecture with a dot', () => {
    expect(rpm.label({ name: 'bash', version: '5.2-3.fc40', architecture: 'x86_64' })).toBe('bash-5.2-3.fc40.x86_64')
    expect(rpm.label({ name: 'bash', version: '5.2-3.fc40', architecture: undefined })).toBe('bash-5.2-3.fc40')
  })

  it('the naming of RPM packages calls debuginfo like its package, shared parts like the source, and sets sources apart', () => {
    expect(rpm.binaryName('shop-libs-debuginfo')).toBe('shop-libs')
    expect(rpm.mainDebugName('shop')).toBe('shop-debuginfo')
    expect(['shop-debugsource', 'shop-debuginfo'].map(rpm.isWithoutDebuginfo)).toEqual([true, false])
  })

  it('the naming of RPM packages knows packages for every machine, and those of i386 in a release of amd64', () => {
    expect(['all', 'noarch', 'x86_64'].map(rpm.isIndependent)).toEqual([false, true, false])
    expect([rpm.multilib('amd64'), rpm.multilib('arm64')]).toEqual(['i386', undefined])
  })

  it.each([
    ['bash-5.2-3.fc40.i686', [['bash', '5.2-3.fc40', 'i686']]],
    ['xorg-x11-drv-r128-6.12.1-4.el9.noarch', [['xorg-x11-drv-r128', '6.12.1-4.el9', 'noarch']]],
    // A version that begins with a letter: only the dist tag tells that this is one.
    ['tzdata-v2024a-1.fc40', [['tzdata', 'v2024a-1.fc40', undefined]]],
    ['tzdata-v2024a-1', [['tzdata-v2024a-1', undefined, undefined]]],
    ['bash.x86_64', [['bash', undefined, 'x86_64']]],
    ['bash=5.2', []],
    // An epoch before the name, as ABRT's client wrote it for some years; one of 0 is none, wherever it stands.
    ['2:spikecrash-1.0-3.fc38', [['spikecrash', '2:1.0-3.fc38', undefined]]],
    ['1:java-17-openjdk-17.0.9.0.9-3.fc39.x86_64', [['java-17-openjdk', '1:17.0.9.0.9-3.fc39', 'x86_64']]],
    ['2:tzdata-v2024a-1', [['tzdata', '2:v2024a-1', undefined]]],
    ['0:bash-5.2-3.fc40', [['bash', '5.2-3.fc40', undefined]]],
    ['bash-0:5.2-3.fc40', [['bash', '5.2-3.fc40', undefined]]],
    ['bash-00:5.2-3.fc40', [['bash', '5.2-3.fc40', undefined]]],
    ['2:bash-1:5.2-3.fc40', []],
    ['2:bash', [['bash', undefined, undefined]]],
  ])('reads %s', (text, readings) => {
    expect(rpm.readings(text).map(({ name, version, architecture }) => [name, version, architecture])).toEqual(readings)
  })
})

describe('the lists of formats', () => {
  it('name the same ones in the same order, the light one and the whole one', () => {
    expect(FORMATS.map(({ name }) => name)).toEqual(NAMINGS.map(({ name }) => name))
    for (const naming of NAMINGS) expect(formatNamed(naming.name, FORMATS)).toMatchObject(naming)
  })

  it('refuse a format that is not among them', () => {
    expect(() => formatNamed('ebuild', NAMINGS)).toThrow('known here, got ebuild')
  })
})
