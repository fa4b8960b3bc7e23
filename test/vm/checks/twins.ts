/**
 * What a policy could refuse a debugger that forks (workers/retrace/gdb/twin.ts), and a server that finds what a killed one left: of each
 * that it is done at all, that what is told is the same, and that nothing was refused over it. A twin is made where a processor is free;
 * none where there is only one, which the machine can be told at any time.
 */
import { strict as assert } from 'node:assert'
import type { Check } from '../check.ts'
import { ask, crash, CRASH_AMONG_THREADS, ended, sendAgain, type Task } from '../client.ts'
import type { Machine } from '../machine.ts'
import { outlivesItsServer } from './life.ts'

/** On a busy host the emulated processors wait for each other, and a worker that sees that has no twin made. */
const TRIES = 10
const TASK_S = 900

export interface Policy {
  readonly name: string
  /** What it has refused to us; empty where that is nothing. */
  denials(machine: Machine): Promise<string>
}

interface Told {
  readonly text: string
  /** backtrace.json without the times. */
  readonly json: unknown
  /** Of how many threads twins told. */
  readonly byTwins: number
}

async function told(machine: Machine, task: Task): Promise<Told> {
  const result = async (name: string) => (await ask(machine, `/${task.id}/${name}`, task)).text
  const byTwins = Number(/^debug: (\d+) threads? told by twins of /m.exec(await result('log'))?.[1] ?? 0)
  const json = { ...JSON.parse(await result('backtrace.json')), seconds: null }
  return { text: await result('backtrace'), json, byTwins }
}

/** Of the core of the last crash. Nobody asks before it has ended: that would take the processor that is to be free. */
async function retraced(machine: Machine): Promise<Told> {
  const task = await sendAgain(machine)
  await machine.get(`until [ -e /var/spool/abrt-retrace/${task.id}/retrace-log ]; do sleep 2; done`, TASK_S)
  assert.equal((await ended(machine, task)).state, 'FINISHED_SUCCESS')
  return await told(machine, task)
}

const processors = (isOn: 0 | 1) => `for each in /sys/devices/system/cpu/cpu[1-9]*/online; do echo ${isOn} >$each; done`

async function retracedByOneProcessor(machine: Machine): Promise<Told> {
  await machine.get(processors(0))
  try {
    return await retraced(machine)
  } finally {
    await machine.get(processors(1))
  }
}

export function twinsUnder({ name, denials }: Policy): Check[] {
  return [
    {
      name:
        `${name}: a gdb that forks has a twin that tells the same as it does alone, and neither is refused anything`,
      async run(machine) {
        await crash(machine, CRASH_AMONG_THREADS)
        const alone = await retracedByOneProcessor(machine)
        assert.equal(alone.byTwins, 0)
        let shared = await retraced(machine)
        for (let tries = 1; shared.byTwins === 0 && tries < TRIES; tries++) shared = await retraced(machine)
        assert.ok(shared.byTwins > 0, `none of ${TRIES} retraces had a twin`)
        assert.deepEqual({ ...shared, byTwins: 0 }, alone)
        assert.equal(await denials(machine), '')
      },
    },
    {
      name: `${name}: the server that follows a killed one ends its task, and is refused nothing`,
      async run(machine) {
        await outlivesItsServer(machine, sendAgain)
        assert.equal(await denials(machine), '')
      },
    },
  ]
}
