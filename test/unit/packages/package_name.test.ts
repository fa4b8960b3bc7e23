import { describe, expect, it } from 'vitest'
import { naming as rpm } from '../../../src/packages/rpm/naming.ts'
import { packageName, packageReadings } from '../../../src/packages/naming/package_name.ts'

describe('packageName()', () => {
  it.each([
    ['libreoffice-impress-1:7.4.7-1+deb12u5', 'libreoffice-impress'],
    ['libreoffice-impress_1:7.4.7-1+deb12u5_amd64', 'libreoffice-impress'],
    ['libc6_2.36-9+deb12u14_amd64', 'libc6'],
    ['libc6:amd64_2.36-9+deb12u14', 'libc6'],
    ['zlib1g=1:1.2.13.dfsg-1', 'zlib1g'],
    ['bash-5.2.26-3.fc40.x86_64', 'bash'],
    ['bash-5.2.26-3.fc40', 'bash'],
    ['name-2:1.0-3.fc38', 'name'],
    ['2:spikecrash-1.0-3.fc38', 'spikecrash'],
    ['2:libfoo_2-1.0-3', 'libfoo_2'],
    ['0:bash-5.2.26-3.fc40.x86_64', 'bash'],
    ['java-17-openjdk-1:17.0.9.0.9-3.fc39.x86_64', 'java-17-openjdk'],
    ['base-files-12.4+deb12u5', 'base-files'],
    ['python3.11-minimal-3.11.2-6+deb12u9', 'python3.11-minimal'],
    ['xorg-x11-drv-r128-6.12.1-4.el9.noarch', 'xorg-x11-drv-r128'],
    ['libfoo_2-1.0-3.fc40.x86_64', 'libfoo_2'],
    ['libfoo_2-1.0-3.el9.aarch64', 'libfoo_2'],
    ['bash', 'bash'],
  ])('finds the name in %s', (text, name) => {
    expect(packageName(text)).toBe(name)
  })

  it.each(['', '   ', 'two words', '../etc', `x${'y'.repeat(600)}`, '=1', 'a=b=c=d'])('refuses %j', (text) => {
    expect(packageName(text)).toBeUndefined()
  })
})

describe('packageReadings()', () => {
  it('gives both readings where Debian and RPM differ', () => {
    const versions = packageReadings('foo-1-2.0').map(({ name, version }) => `${name} ${version}`)
    expect(versions).toEqual(['foo 1-2.0', 'foo-1 2.0'])
  })

  it('packageReadings() gives a name alone only where no format finds a version', () => {
    expect(packageReadings('bash.x86_64')[0]).toEqual({ name: 'bash', version: undefined, architecture: 'x86_64' })
    expect(packageReadings('base-files-12.4+deb12u5').map(({ version }) => version)).toEqual(['12.4+deb12u5'])
  })

  it('packageReadings() reads by the formats that it is given', () => {
    expect(packageReadings('libc6_2.36-9_amd64', [rpm])).toEqual([
      { name: 'libc6_2.36-9_amd64', version: undefined, architecture: undefined },
    ])
  })

  it('keeps the architecture apart', () => {
    expect(packageReadings('libc6_2.36-9_amd64')).toEqual([{ name: 'libc6', version: '2.36-9', architecture: 'amd64' }])
    expect(packageReadings('bash-5.2-3.fc40.i686')[0]?.architecture).toBe('i686')
  })
})
