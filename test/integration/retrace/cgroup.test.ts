/** The memory limit by the kernel, where this machine lets us make control groups; and where it says they could be. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCgroups, makeCgroup, usableCgroups } from '../../../workers/retrace/sandbox/cgroup.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retraceIn } from '../../helpers/retrace.ts'

let folder: Folder
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  core = fixtureCore('amd64', folder.path).core
  fixtureFiles('amd64', folder.path)
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** Undefined, with the reason printed, where no group can be made. */
function home() {
  const found = usableCgroups({ memoryMb: 64, processes: 8 })
  if (found === undefined) console.warn('skipped: no control group can be made on this machine')
  return found
}

const left = (folders: readonly string[]) =>
  folders.flatMap((each) => readdirSync(each)).filter((name) => name.startsWith('abrt-retrace-'))

describe('a control group', () => {
  it.skipIf(home() === undefined)('ends a debugger that wants more memory, and nothing of it is left', async () => {
    const cgroups = home()
    const { report, debugged } = await retraceIn(core, folder.path, { memoryMb: 12, cgroups })
    expect(debugged.end).toMatchObject({ kind: 'memory', detail: expect.stringMatching(/limit of 12 MB$/) })
    expect(report.outcome.code).toBe('out-of-memory')
    expect(left(cgroups?.folders ?? [])).toEqual([])
  })

  it.skipIf(home() === undefined)('lets a debugger work that stays below, whatever it reads of files', async () => {
    const { json, debugged } = await retraceIn(core, folder.path, { memoryMb: 512, cgroups: home() })
    expect(debugged.end).toBeUndefined()
    expect(json.threads[0]?.frames[0]?.function).toBe('level3')
  })

  it.skipIf(home() === undefined)('a worker removes the control group of one that was killed before', () => {
    const { folders = [] } = home() ?? {}
    const orphans = folders.map((each) => join(each, 'abrt-retrace-4194999-1'))
    for (const each of orphans) mkdirSync(each)
    home()
    expect(orphans.filter((each) => existsSync(each))).toEqual([])
  })
})

describe('usableCgroups()', () => {
  it('takes no place for one where a group cannot be made, or does not take a limit', () => {
    const place = folder.file('no-groups')
    mkdirSync(place)
    const limits = { memoryMb: 64, processes: 8 }
    expect(usableCgroups(limits, { version: 2, folders: [place] })).toBeUndefined()
    expect(usableCgroups(limits, { version: 2, folders: [join(place, 'nowhere')] })).toBeUndefined()
    expect(readdirSync(place)).toEqual([])
  })
})

describe('findCgroups()', () => {
  it('finds nothing where nothing is mounted, or memory is not handed to children', () => {
    expect(findCgroups('', '0::/')).toBeUndefined()
    expect(findCgroups('tmpfs /tmp tmpfs rw 0 0', '4:memory:/')).toBeUndefined()
    expect(findCgroups(`cgroup2 ${folder.path} cgroup2 rw 0 0`, '0::/unit')).toBeUndefined()
  })

  it('makes no group in a folder that is none', () => {
    expect(makeCgroup({ version: 1, folders: ['/proc/1'] }, { memoryMb: 64, processes: 8 })).toBeUndefined()
    expect(makeCgroup({ version: 2, folders: [folder.path] }, { memoryMb: 64, processes: 8 })).toBeUndefined()
    expect(readdirSync(folder.path).filter((name) => name.startsWith('abrt-'))).toEqual([])
  })
})
