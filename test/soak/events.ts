/** What happens to a server in a month, in minutes: deaths, restarts, syncs, cleans, a full disk. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Traffic } from './users.ts'

/** Each with its place in the soak, from 0 to 1, and once more for each further five minutes. */
const PLAN: readonly (readonly [share: number, what: keyof typeof EVENTS])[] = [
  [0.05, 'worker killed'],
  [0.1, 'sync'],
  [0.15, 'server killed'],
  [0.22, 'worker killed'],
  [0.27, 'server restarted'],
  [0.32, 'clean'],
  [0.38, 'disk full'],
  [0.6, 'server killed'],
  [0.66, 'sync'],
  [0.7, 'worker killed'],
  [0.76, 'clean'],
  [0.8, 'worker killed'],
]
const ROUND_MS = 300_000
const FULL_MS = 60_000
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
  'disk full': async ({ place }: Traffic) => {
    try {
      for (const end = Date.now() + FULL_MS; Date.now() < end; await pause(REFILL_MS)) place.fillDisk()
    } finally {
      place.freeDisk()
    }
  },
}

/** Resolves when all that was planned for so many ms has happened. */
export async function happen(traffic: Traffic, lengthMs: number): Promise<void> {
  const start = Date.now()
  const rounds = Math.max(1, Math.round(lengthMs / ROUND_MS))
  for (let round = 0; round < rounds; round++) {
    for (const [share, what] of PLAN) {
      await pause(Math.max(0, start + (round + share) * lengthMs / rounds - Date.now()))
      if (traffic.isOver()) return
      traffic.ledger.count(what)
      await EVENTS[what](traffic)
    }
  }
}
