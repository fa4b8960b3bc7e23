/** A tree of files decides as a tree of groups does; what the kernel makes of the writes, a machine with v2 shows. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeTaskGroups } from '../../../src/process/task_groups.ts'
import { usableCgroups } from '../../../workers/retrace/sandbox/cgroup.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

let tree: Folder

beforeEach(async () => {
  tree = await temporaryFolder()
})

afterEach(async () => await tree[Symbol.asyncDispose]())

/** A group as systemd delegates it. */
function unit({ procs = '77\n', controllers = 'cpu memory pids\n', handed = '' } = {}): void {
  mkdirSync(tree.file('unit'))
  writeFileSync(tree.file('unit/cgroup.procs'), procs)
  writeFileSync(tree.file('unit/cgroup.controllers'), controllers)
  writeFileSync(tree.file('unit/cgroup.subtree_control'), handed)
}

const made = (own = '0::/unit\n') => makeTaskGroups(`cgroup2 ${tree.path} cgroup2 rw 0 0\n`, own, 77)

describe('makeTaskGroups()', () => {
  it('moves the server into a leaf before it has memory handed to groups of tasks', () => {
    unit()
    made()
    expect(readFileSync(tree.file('unit/server/cgroup.procs'), 'utf8')).toBe('77')
    expect(readFileSync(tree.file('unit/cgroup.subtree_control'), 'utf8')).toMatch(/^\+/)
  })

  it('says what is in force by what it reads afterwards, not by what it wrote', () => {
    unit()
    // In a tree of files '+cpu' is what was written last: no memory is handed on.
    expect(made()).toEqual({ kind: 'none', why: 'refused' })
  })

  it('leaves all as it is where memory is handed on already, from the group or from the one above its leaf', () => {
    unit({ handed: 'memory pids\n' })
    expect(made()).toEqual({ kind: 'v2', controllers: ['memory', 'pids'] })
    mkdirSync(tree.file('unit/server'))
    expect(made('0::/unit/server\n')).toEqual({ kind: 'v2', controllers: ['memory', 'pids'] })
    expect(existsSync(tree.file('unit/server/server'))).toBe(false)
  })

  it.each([
    ['others live in the group', { procs: '1\n77\n' }, 'not-alone'],
    ['memory was not delegated', { controllers: 'hugetlb\n' }, 'no-memory'],
  ])('does nothing where %s', (_, group, why) => {
    unit(group)
    expect(made()).toEqual({ kind: 'none', why })
    expect(existsSync(tree.file('unit/server'))).toBe(false)
  })

  it('does nothing where v1 has memory, and where there is no v2', () => {
    const v1 = `cgroup ${tree.path} cgroup rw,relatime,memory 0 0\n`
    mkdirSync(tree.file('unit'))
    writeFileSync(tree.file('unit/cgroup.procs'), '')
    // A tree of files has no limits of memory: what is said to be in force was tried.
    expect(makeTaskGroups(v1, '4:memory:/unit\n', 77)).toEqual({ kind: 'none', why: 'refused' })
    expect(readdirSync(tree.file('unit'))).toEqual(['cgroup.procs'])
    expect(makeTaskGroups('tmpfs /tmp tmpfs rw 0 0\n', '', 77)).toEqual({ kind: 'none', why: 'no-v2' })
  })

  it('says of v1 on this machine what workers find there', () => {
    const workers = usableCgroups({ memoryMb: 64, processes: 16 })
    const hasV1 = /^\S+ \S+ cgroup \S*\bmemory\b/m.test(readFileSync('/proc/self/mounts', 'latin1'))
    if (hasV1) expect(makeTaskGroups().kind === 'v1').toBe(workers?.version === 1)
  })
})
