/**
 * Room for the control groups of tasks, on cgroup v2: a group with processes of its own hands no controller to groups below
 * it, so the server moves into a leaf, and the group that its supervisor delegated (systemd.resource-control(5), Delegate=)
 * hands memory, pids and cpu to those that workers make beside it. Nothing is done where others live in the group, which is
 * then not ours alone, and where v1 has memory. Sources: Documentation/admin-guide/cgroup-v2.rst of Linux, 'No Internal
 * Process Constraint'; systemd's CGROUP_DELEGATION.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pid as ownPid } from 'node:process'
import { MIB } from '../units/bytes.ts'
import { procText } from './proc.ts'

const LEAF = 'server'
const TRIAL_BYTES = 64 * MIB
const WANTED = ['memory', 'pids', 'cpu'] as const

/** What is in force afterwards: controllers for groups of tasks; or why there are none. */
export type TaskGroups =
  | { readonly kind: 'v1' }
  | { readonly kind: 'v2'; readonly controllers: readonly string[] }
  | { readonly kind: 'none'; readonly why: 'no-v2' | 'no-memory' | 'not-alone' | 'refused' }

/** Once, at the server's start, before it starts anything. Never throws. */
export function makeTaskGroups(
  mounts: string = procText('self/mounts'),
  own: string = procText('self/cgroup'),
  self: number = ownPid,
): TaskGroups {
  const rows = mounts.split('\n').map((line) => line.split(' '))
  const first = rows.find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'))?.[1]
  if (first !== undefined) return canMakeV1(first, own) ? { kind: 'v1' } : { kind: 'none', why: 'refused' }
  const place = rows.find(([, , type]) => type === 'cgroup2')?.[1]
  const path = /^0::(.*)$/m.exec(own)?.[1]
  if (place === undefined || path === undefined) return { kind: 'none', why: 'no-v2' }
  const isInLeaf = basename(path) === LEAF
  const group = join(place, path, isInLeaf ? '..' : '')
  if (handed(group).includes('memory')) return { kind: 'v2', controllers: handed(group) }
  if (!words(join(group, 'cgroup.controllers')).includes('memory')) return { kind: 'none', why: 'no-memory' }
  if (!isInLeaf && words(join(group, 'cgroup.procs')).some((each) => Number(each) !== self)) {
    return { kind: 'none', why: 'not-alone' }
  }
  try {
    if (!isInLeaf) {
      mkdirSync(join(group, LEAF), { recursive: true })
      writeFileSync(join(group, LEAF, 'cgroup.procs'), String(self))
    }
    writeFileSync(join(group, 'cgroup.subtree_control'), '+memory')
  } catch {
    return { kind: 'none', why: 'refused' }
  }
  for (const controller of WANTED.slice(1)) tryToHand(group, controller)
  const controllers = handed(group)
  return controllers.includes('memory') ? { kind: 'v2', controllers } : { kind: 'none', why: 'refused' }
}

/** Whether a group of v1 with a limit of memory can be made below that of this process: one is made, and removed. */
function canMakeV1(place: string, own: string): boolean {
  const path = own.split('\n').map((line) => line.split(':'))
    .find(([, controllers]) => controllers?.split(',').includes('memory'))?.[2] ?? ''
  // In a container the path is often that of the host, and the mount begins at this process's group.
  const group = [join(place, path), place].find((each) => existsSync(join(each, 'cgroup.procs')))
  if (group === undefined) return false
  const trial = join(group, `abrt-retrace-${ownPid}-trial`)
  try {
    mkdirSync(trial)
    writeFileSync(join(trial, 'memory.limit_in_bytes'), String(TRIAL_BYTES), { flag: 'r+' })
    return true
  } catch {
    return false
  } finally {
    remove(trial)
  }
}

function remove(group: string): void {
  try {
    rmdirSync(group)
  } catch {
    // it was not made
  }
}

/** Of those that were not delegated the kernel knows nothing here: memory counts without them. */
function tryToHand(group: string, controller: string): void {
  try {
    writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`)
  } catch {
    // looked at afterwards
  }
}

function handed(group: string): string[] {
  return words(join(group, 'cgroup.subtree_control'))
}

function words(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\s+/).filter((word) => word !== '')
  } catch {
    return []
  }
}
