/**
 * What is said as each step begins and after it, for the person who waits: counts, sizes, seconds. Pure but for the size
 * of the core. Owns these sentences; the steps' own findings are theirs to say.
 */
import { statSync } from 'node:fs'
import type { Core } from '../../../src/elf/core.ts'
import { megabytes } from '../../../src/units/bytes.ts'
import type { Conversation } from '../gdb/told.ts'
import type { Resolution } from '../resolve/resolve.ts'
import { count } from '../../../src/text/count.ts'

/** st_blocks counts these, whatever the file system. */
const BLOCK = 512

/** `reading a core of 4296.1 MB, of which 8.4 MB are on the disk`. */
export function beforeReading(path: string): string {
  const { size, blocks } = statSync(path)
  const onDisk = blocks * BLOCK
  return `reading a core of ${megabytes(size)}` +
    (onDisk < size / 2 ? `, of which ${megabytes(onDisk)} are on the disk` : '')
}

export function beforeResolving({ modules }: Core): string {
  const files = modules.filter(({ kind }) => kind !== 'vdso').length
  return `looking for the files of ${count(files, 'program or library', 'programs and libraries')}`
}

/** `12 of 13 are here, 11 with debuginfo, after 3.4 s (3.1 s of fetching)`. */
export function afterResolving({ modules, seconds }: Pick<Resolution, 'modules' | 'seconds'>): string {
  const wanted = modules.filter(({ status }) => status !== 'not-applicable')
  const here = wanted.filter(({ binary }) => binary !== undefined).length
  const withDebug = wanted.filter(({ debug }) => debug !== undefined).length
  const fetching = seconds.fetch === 0 ? '' : ` (${seconds.fetch.toFixed(1)} s of fetching)`
  const all = seconds.resolve + seconds.fetch
  return `${here} of ${wanted.length} are here, ${withDebug} with debuginfo, after ${all.toFixed(1)} s${fetching}`
}

/** `running gdb with 31 names for 9 modules, for 540 s at most`. */
export function beforeDebugging(names: number, modules: number, leftMs: number): string {
  return `running gdb with ${count(names, 'name')} for ${count(modules, 'module')}, for ${
    Math.ceil(leftMs / 1000)
  } s at most`
}

/** `gdb showed 24 frames of 1 thread and held 87 MB`. */
export function afterDebugging(
  { conversation, engine, peakMb, isOver }: {
    conversation: Pick<Conversation, 'threads'> | undefined
    engine: string | undefined
    peakMb: number
    isOver: boolean
  },
): string {
  if (conversation === undefined || engine === undefined) {
    return isOver ? 'the time was over before a debugger had said anything' : 'no debugger reads this core'
  }
  const frames = conversation.threads.reduce((sum, thread) => sum + thread.frames.length, 0)
  const threads = count(conversation.threads.length, 'thread')
  return `${engine} showed ${count(frames, 'frame')} of ${threads} and held ${peakMb} MB`
}
