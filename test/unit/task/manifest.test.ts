import { describe, expect, it } from 'vitest'
import type { Member } from '../../../src/task/files.ts'
import { readManifest, releaseOf } from '../../../src/task/manifest.ts'
import { taskWith } from '../../helpers/task_directory.ts'

describe('readManifest()', () => {
  it('takes white space, comments and CRLF off the members of a design archive', async () => {
    await using directory = await taskWith({
      architecture: ' x86_64\n',
      packages: '# from dpkg\r\nbash_5.2-1_amd64\r\n\r\n libc6_2.36-9_amd64 \r\n',
      release: ' debian-12\r\n',
    })
    expect(readManifest(directory.task)).toEqual({
      kind: 'design',
      architecture: 'x86_64',
      release: 'debian-12',
      packages: ['bash_5.2-1_amd64', 'libc6_2.36-9_amd64'],
      executable: undefined,
    })
  })

  it("puts the ABRT client's package before the others, since its program crashed", async () => {
    await using directory = await taskWith({
      manifest: 'abrt\n',
      package: 'bash-5.2-1.fc40\n',
      packages: 'glibc-2.39-1.fc40\n',
    })
    expect(readManifest(directory.task)).toMatchObject({
      kind: 'abrt',
      packages: ['bash-5.2-1.fc40', 'glibc-2.39-1.fc40'],
    })
  })

  it.each([
    [undefined, '/usr/bin/bash', '/usr/bin/bash'],
    ['/var/lib/mock/root', '/var/lib/mock/root/usr/bin/bash', '/usr/bin/bash'],
    ['/var/lib/mock/root/', '/var/lib/mock/root/usr/bin/bash', '/usr/bin/bash'],
    ['/var/lib/mock/root', '/var/lib/mock/rooted/bash', '/var/lib/mock/rooted/bash'],
    ['/', '/usr/bin/bash', '/usr/bin/bash'],
  ])('names the program as it saw its own path: in the root %s, %s is %s', async (rootdir, executable, own) => {
    await using directory = await taskWith({ executable, ...(rootdir === undefined ? {} : { rootdir }) })
    expect(readManifest(directory.task).executable).toBe(own)
  })

  it('takes an empty member, and one over a MiB, for none', async () => {
    await using directory = await taskWith({ release: '\n', packages: 'a_1\n'.repeat(300_000) })
    expect(readManifest(directory.task)).toMatchObject({ release: undefined, packages: [] })
  })
})

describe('releaseOf()', () => {
  it.each<[Partial<Record<Member, string>>, string | undefined]>([
    [{ release: 'debian-12' }, 'debian-12'],
    [{ os_release: 'Fedora release 40 (Forty)' }, 'Fedora release 40 (Forty)'],
    [{ os_release: 'Fedora release 40 (Forty)', release: 'debian-12' }, 'Fedora release 40 (Forty)'],
    [
      { os_release_in_rootdir: 'CentOS Linux release 7.9', os_release: 'Fedora release 40 (Forty)', release: 'x' },
      'CentOS Linux release 7.9',
    ],
    [{}, undefined],
  ])('releaseOf() is that of the files the program ran with: of %j', (members, release) => {
    expect(releaseOf((name) => members[name])).toBe(release)
  })
})
