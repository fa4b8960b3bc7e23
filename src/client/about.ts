/** What crashed, in the sentences that stand before the question. Pure. */
import type { Core } from '../elf/core.ts'
import { signalOf } from '../elf/signal.ts'
import { escapeText } from '../text/escape.ts'
import { count } from '../text/count.ts'
import { constants } from 'node:os'
import { MIB } from '../units/bytes.ts'
import type { Machine } from './machine.ts'

/** `evince (evince 43.1-2+deb12u1, Debian 12, amd64) was killed by SIGSEGV, 2 minutes ago: 5 threads, 141 modules`. */
export function crashSentence(core: Core, machine: Machine | undefined, ageMs: number | undefined): string {
  const path = core.modules.find(({ kind }) => kind === 'executable')?.path ?? core.process?.name ?? 'a program'
  const name = path.slice(path.lastIndexOf('/') + 1)
  const facts = [machine?.packages[0]?.replace(/_[a-z0-9]+$/, '').replace('_', ' '), machine?.name, core.architecture]
  const signal = signalOf(core)
  const end = signal === 0 ? 'was alive when its core was made' : `was killed by ${signalName(signal)}`
  const about = facts.filter((each) => each !== undefined).join(', ')
  return escapeText(
    `${name}${about === '' ? '' : ` (${about})`} ${end}${ageMs === undefined ? '' : `, ${age(ageMs)}`}: ` +
      `${count(core.threads.length, 'thread')}, ${count(core.modules.length, 'module')}`,
    { length: 1000 },
  )
}

/** `2 minutes ago`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${count(seconds, 'second')} ago`
  if (seconds < 3600) return `${count(Math.floor(seconds / 60), 'minute')} ago`
  if (seconds < 172_800) return `${count(Math.floor(seconds / 3600), 'hour')} ago`
  return `${count(Math.floor(seconds / 86_400), 'day')} ago`
}

/** `0.9 MB`, `812 KB`. */
export function size(bytes: number): string {
  return bytes < MIB / 10 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MIB).toFixed(1)} MB`
}

function signalName(signal: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === signal)?.[0] ?? `signal ${signal}`
}
