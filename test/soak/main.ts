/**
 * `npm run soak [-- --minutes N]` (5), as root: mixed traffic with real cores, workers and servers killed, a sync, a clean and
 * a minute of a full disk in between, in a small file system of its own. A table of what happened; exit code 1 when a task
 * that was accepted did not end, ended twice or was not counted once, or when memory, descriptors, processes or folders are
 * not at the end where they began.
 */
import { readdirSync } from 'node:fs'
import process, { exit, stderr, stdout } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { happen } from './events.ts'
import { Ledger } from './ledger.ts'
import { type Measures, Place } from './place.ts'
import { allUsers, awaitEnd, type Traffic } from './users.ts'

const MORE_MB = 40
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
const ledger = new Ledger()
let isOver = false
const traffic: Traffic = { place, ledger, isOver: () => isOver }

// What a server has once it has done some tasks is where it begins.
const warming = allUsers(traffic)
await pause(20_000)
isOver = true
await warming
const before = await measureQuiet(place)
stderr.write(`soak: ${minutes()} minutes; before: ${JSON.stringify(before)}\n`)

isOver = false
const users = allUsers(traffic)
const events = happen(traffic, lengthMs)
await Promise.all([events, pause(lengthMs)])
isOver = true
await users
for (const task of ledger.open()) await awaitEnd(traffic, task)
const after = await measureQuiet(place)
for (const task of ledger.accepted.values()) if (!task.isDeleted) await awaitEnd(traffic, task)

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
stdout.write(`before: ${JSON.stringify(before)}\nafter:  ${JSON.stringify(after)}\n`)
for (const fault of ledger.faults) stdout.write(`FAULT: ${fault}\n`)
stdout.write(ledger.faults.length === 0 ? 'soak: all is where it began\n' : `soak: faults: ${ledger.faults.length}\n`)
process.exitCode = ledger.faults.length === 0 ? 0 : 1
