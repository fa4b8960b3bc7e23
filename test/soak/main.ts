/**
 * `npm run soak [-- --minutes N]` (5), as root: mixed traffic with real cores, workers killed, a sync, a clean and a minute of a
 * full disk in between, in a small file system of its own. Servers die in the first third; one lives through the rest, in laps
 * after which it is looked at when it has nothing to do. A table of what happened; exit code 1 when a task that was accepted did
 * not end, ended twice or was not counted once, or when memory, descriptors, processes or folders are after the last lap more
 * than after the first.
 */
import { readdirSync } from 'node:fs'
import process, { exit, stderr, stdout } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { happen, type Part, partsOf } from './events.ts'
import { Ledger } from './ledger.ts'
import { type Measures, Place } from './place.ts'
import { allUsers, awaitEnd, type Traffic } from './users.ts'

/** Over three laps: the heap of Node is as large as its last collection left it. */
const MORE_MB = 32
const MORE_DESCRIPTORS = 3
const QUIET_MS = 8000

function minutes(): number {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } })
    if (Number(values.minutes) > 0) return Number(values.minutes)
  } catch {
    // the usage says it
  }
  stderr.write('usage: npm run soak [-- --minutes N]\n')
  exit(2)
}

/** Of a server that has done some tasks and has nothing to do. */
async function measureQuiet(place: Place): Promise<Measures> {
  await pause(QUIET_MS)
  return place.measure()
}

function compare(before: Measures, after: Measures, ledger: Ledger): void {
  const rows: [keyof Measures, number][] = [['rssMb', MORE_MB], ['descriptors', MORE_DESCRIPTORS], ['processes', 0]]
  for (const [name, more] of rows) {
    if (Number(after[name]) > Number(before[name]) + more) {
      ledger.fault(`${name}: ${before[name]} before, ${after[name]} after`)
    }
  }
  if (after.strays.length > 0) ledger.fault(`left in the spool: ${after.strays.join(', ')}`)
  if (after.groups > 0) ledger.fault(`${after.groups} control groups without a worker are left`)
}

const lengthMs = minutes() * 60_000
await using place = await Place.make()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void place[Symbol.asyncDispose]().finally(() => exit(130)))
}
const ledger = new Ledger()
let isOver = false
const traffic: Traffic = { place, ledger, isOver: () => isOver }

/** Everybody is at work while a part happens; then all that was begun is waited for. */
async function live(part: Part): Promise<Measures> {
  isOver = false
  const users = allUsers(traffic)
  try {
    await happen(traffic, part)
  } finally {
    isOver = true
    await users
  }
  for (const task of ledger.open()) await awaitEnd(traffic, task)
  return await measureQuiet(place)
}

const { deaths, laps } = partsOf(lengthMs)
await live(deaths)
const { pid } = place
const measures: Measures[] = []
for (const lap of laps) {
  const found = await live(lap)
  measures.push(found)
  stderr.write(
    `soak: lap ${measures.length} of ${laps.length}, ${ledger.accepted.size} tasks: ${JSON.stringify(found)}\n`,
  )
}
if (place.pid !== pid) ledger.fault('the server that was to live through all laps did not')
for (const task of ledger.accepted.values()) if (!task.isDeleted) await awaitEnd(traffic, task)
// What a server has once it has done a lap is where it begins.
const [before, after] = [measures.at(0), measures.at(-1)]
if (before === undefined || after === undefined) throw new Error('There was no lap')

compare(before, after, ledger)
ledger.compareLogs(place.logs)
const ids = readdirSync(place.folder.file('spool')).filter((name) => /^\d+$/.test(name))
const unknown = ids.filter((id) => !ledger.accepted.has(id) || ledger.accepted.get(id)?.isDeleted)
if (unknown.length > 0) ledger.count(`in the spool, of uploads whose answer was lost: ${unknown.length}`)
const counted = place.countedCrashes()
const known = [...ledger.accepted.values()].filter(({ isDeleted }) => !isDeleted).length
if (counted < known || counted > ledger.accepted.size + unknown.length) {
  ledger.fault(`${counted} crashes were counted, of ${known} to ${ledger.accepted.size} tasks`)
}
const lost = [...ledger.accepted.values()].filter(({ id, isDeleted }) => !isDeleted && !ids.includes(id))
if (lost.length > 0) ledger.fault(`no longer in the spool: ${lost.map(({ id }) => id).join(', ')}`)

stdout.write(`${String(ledger.accepted.size).padStart(7)}  accepted\n`)
for (const [what, times] of [...ledger.answers].sort()) stdout.write(`${String(times).padStart(7)}  ${what}\n`)
for (const [at, found] of measures.entries()) stdout.write(`lap ${at + 1}: ${JSON.stringify(found)}\n`)
for (const fault of ledger.faults) stdout.write(`FAULT: ${fault}\n`)
stdout.write(ledger.faults.length === 0 ? 'soak: all is where it began\n' : `soak: faults: ${ledger.faults.length}\n`)
process.exitCode = ledger.faults.length === 0 ? 0 : 1
