/**
 * The kernel-written cores of seven architectures with all debuginfo: libc6-dbg of each architecture from the archive,
 * while its build-ids are still those of the cores. Then every line of every thread has to be what gdb said.
 */
import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { fetchFromPool } from '../../helpers/archive.ts'
import { fixtureCore, fixtureFiles, run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { threadsOf } from '../../helpers/oracle.ts'
import { retraceIn } from '../../helpers/retrace.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

describe.each(ARCHITECTURES.map(({ name }) => name))('a core of %s with libc6-dbg', (architecture) => {
  it('shows with libc6-dbg every thread, function, line, argument and local that gdb said', async ({ skip }) => {
    const root = folder.file(architecture)
    mkdirSync(root)
    const { core, expected, packages, buildIds } = fixtureCore(architecture, folder.path)
    fixtureFiles(architecture, root)
    const version = packages.find((each) => each.startsWith('libc6_'))?.split('_')[1] ?? ''
    const deb = folder.file(`${architecture}.deb`)
    const reason = await fetchFromPool(`pool/main/g/glibc/libc6-dbg_${version}_${architecture}.deb`, deb)
    if (reason !== undefined) return skip(reason)
    const members = buildIds.filter(({ name }) => name.includes('/lib'))
      .map(({ buildId }) => `./usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`)
    run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -x --occurrence -C "$@"', deb, root, ...members])
    const { text, report, modules } = await retraceIn(core, root)
    const theirs = threadsOf(expected)
    expect(Object.keys(theirs)).toHaveLength(3)
    expect(threadsOf(text)).toEqual(theirs)
    expect(modules.filter((each) => each.debug === undefined).map((each) => each.module.kind)).toEqual(['vdso'])
    expect(report.outcome.code).toBe('ok')
  })
})
