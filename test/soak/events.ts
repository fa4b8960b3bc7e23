/** What happens to a server in a month, in minutes: deaths, restarts, syncs, cleans, a full disk. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Traffic } from './users.ts'

export type Event = keyof typeof EVENTS
type Plan = readonly (readonly [share: number, what: Event])[]

/** What happens while servers die, each with its place in that part, from 0 to 1, and once more for each further five minutes. */
const DEATHS: Plan = [
  [0.1, 'worker killed'],
  [0.2, 'server killed'],
  [0.35, 'sync'],
  [0.45, 'server restarted'],
  [0.6, 'worker killed'],
  [0.7, 'clean'],
  [0.85, 'server killed'],
]
/** What happens while one server lives: all but its own end. */
const LIFE: Plan = [
  [0.1, 'worker killed'],
  [0.2, 'sync'],
  [0.3, 'disk full'],
  [0.6, 'clean'],
  [0.75, 'worker killed'],
  [0.9, 'sync'],
]
const ROUND_MS = 300_000
/** Of the whole time the part in which servers die; a leak is seen in the rest, which one server lives through. */
const DEATHS_SHARE = 1 / 3
/** After each the server is looked at when it has nothing to do. */
export const LAPS = 4

/** What happens when, in milliseconds from the beginning of a part. */
export interface Part {
  readonly lengthMs: number
  readonly events: readonly (readonly [atMs: number, what: Event])[]
}

/** The deaths, then the laps of one server. */
export function partsOf(lengthMs: number): { deaths: Part; laps: Part[] } {
  const lapMs = lengthMs * (1 - DEATHS_SHARE) / LAPS
  return {
    deaths: partOf(DEATHS, lengthMs * DEATHS_SHARE),
    laps: Array.from({ length: LAPS }, () => partOf(LIFE, lapMs)),
  }
}

function partOf(plan: Plan, lengthMs: number): Part {
  const rounds = Math.max(1, Math.round(lengthMs / ROUND_MS))
  const all = Array.from(
    { length: rounds },
    (_, round) => plan.map(([share, what]) => [(round + share) * lengthMs / rounds, what] as const),
  )
  return { lengthMs, events: all.flat() }
}

const FULL_MS = 60_000
/** Of a part that is short. */
const FULL_SHARE = 0.25
const REFILL_MS = 2000

const EVENTS = {
  'worker killed': async ({ place }: Traffic) => {
    for (let tries = 0; tries < 50 && !place.killWorker(); tries++) await pause(50)
  },
  'server killed': async ({ place }: Traffic) => void await place.restart('SIGKILL'),
  'server restarted': async ({ place, ledger }: Traffic) => {
    const end = await place.restart('SIGTERM')
    if (end !== 0) ledger.fault(`a server that was to stop ended with ${end}`)
  },
  'sync': async ({ place, ledger }: Traffic) => {
    place.world.grow()
    const { code, text } = await place.run('abrt-reposync')
    if (code !== 0) ledger.fault(`abrt-reposync ended with ${code}: ${text}`)
  },
  'clean': async ({ place, ledger }: Traffic) => {
    const { code, text } = await place.run('abrt-retrace-clean')
    if (code !== 0) ledger.fault(`abrt-retrace-clean ended with ${code}: ${text}`)
  },
  'disk full': async ({ place }: Traffic, partMs: number) => {
    const fullMs = Math.min(FULL_MS, partMs * FULL_SHARE)
    try {
      for (const end = Date.now() + fullMs; Date.now() < end; await pause(REFILL_MS)) place.fillDisk()
    } finally {
      place.freeDisk()
    }
  },
}

/** Resolves when a part is over and all of it has happened. */
export async function happen(traffic: Traffic, { lengthMs, events }: Part): Promise<void> {
  const start = Date.now()
  for (const [at, what] of events) {
    await pause(Math.max(0, start + at - Date.now()))
    if (traffic.isOver()) return
    traffic.ledger.count(what)
    await EVENTS[what](traffic, lengthMs)
  }
  await pause(Math.max(0, start + lengthMs - Date.now()))
}
