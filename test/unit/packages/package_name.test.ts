import { describe, expect, it } from 'vitest'
import { packageName, packageReadings } from '../../../src/packages/package_name.ts'

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
    ['java-17-openjdk-1:17.0.9.0.9-3.fc39.x86_64', 'java-17-openjdk'],
    ['base-files-12.4+deb12u5', 'base-files'],
    ['python3.11-minimal-3.11.2-6+deb12u9', 'python3.11-minimal'],
    ['xorg-x11-drv-r128-6.12.1-4.el9.noarch', 'xorg-x11-drv-r128'],
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

  it('keeps the architecture apart', () => {
    expect(packageReadings('libc6_2.36-9_amd64')).toEqual([{ name: 'libc6', version: '2.36-9', architecture: 'amd64' }])
    expect(packageReadings('bash-5.2-3.fc40.i686')[0]?.architecture).toBe('i686')
  })
})
