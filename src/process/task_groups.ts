/**
 * Room for the control groups of tasks, on cgroup v2: a group with processes of its own hands no controller to groups below
 * it, so the server moves into a leaf, and the group that its supervisor delegated (systemd.resource-control(5), Delegate=)
 * hands memory, pids and cpu to those that workers make beside it. Nothing is done where others live in the group, which is
 * then not ours alone, and where v1 has memory. Sources: Documentation/admin-guide/cgroup-v2.rst of Linux, 'No Internal
 * Process Constraint'; systemd's CGROUP_DELEGATION.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pid as ownPid } from 'node:process'
import { procText } from './proc.ts'

const LEAF = 'server'
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
  if (rows.some(([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'))) {
    return { kind: 'v1' }
  }
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
