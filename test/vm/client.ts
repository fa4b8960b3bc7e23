/** A client inside the machine: curl, with what crashed there. */
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import type { Machine } from './machine.ts'

const CURL = 'curl -sS --cacert /etc/abrt-retrace/server.crt'
const URL = 'https://localhost:8443'

export interface Task {
  readonly id: string
  readonly password: string
}

/** What Debian's Python crashes over: in its only thread, or beside more of them than a twin of gdb is made for at least. */
const CRASH = 'import ctypes; ctypes.string_at(0)'
export const CRASH_AMONG_THREADS =
  `import threading, time; [threading.Thread(target=time.sleep, args=(600,)).start() for _ in range(6)]; ${CRASH}`

/** Lets Debian's Python crash, and packs the core that the kernel writes. */
export async function crash(machine: Machine, script = CRASH): Promise<void> {
  await machine.get(
    `mkdir -p /root/crash; cd /root/crash; rm -f *; sysctl -q -w kernel.core_pattern=core; ulimit -c unlimited
    python3.11 -c '${script}' || true
    mv core* coredump; xz -0 -f coredump`,
  )
}

/** Sends the core of a crash of this machine. */
export async function send(machine: Machine): Promise<Task> {
  await crash(machine)
  return await sendAgain(machine)
}

/** Sends the core of the last crash. */
export async function sendAgain(machine: Machine): Promise<Task> {
  const said = await machine.get(`cd /root/crash; ${CURL} -D - -o answer --data-binary @coredump.xz \\
    -H 'Content-Type: application/x-core' -H 'Content-Encoding: xz' -H 'Prefer: respond-async' ${URL}/create; cat answer`)
  const header = (name: string) => new RegExp(`^${name}: (\\S+)`, 'im').exec(said)?.[1]
  const [id, password] = [header('x-task-id'), header('x-task-password')]
  if (id === undefined || password === undefined) throw new Error(`The upload was not accepted: ${said}`)
  return { id, password }
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** What a GET of a task is answered; `words`: further ones for curl. */
export async function ask(machine: Machine, path: string, task?: Task, words = ''): Promise<Answer> {
  const password = task === undefined ? '' : `-H 'X-Task-Password: ${task.password}'`
  const said = await machine.get(`${CURL} ${password} ${words} -w '\\n%{http_code}' ${URL}${path}`)
  const at = said.lastIndexOf('\n')
  return { status: Number(said.slice(at + 1)), text: said.slice(0, Math.max(at, 0)) }
}

/** Resolves when the task has ended; its status as JSON says how. */
export async function ended(machine: Machine, task: Task, seconds = 3000): Promise<{ state: string; code: string }> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await pause(1000)) {
    const { status, text } = await ask(machine, `/${task.id}`, task, "-H 'Accept: application/json'")
    assert.equal(status, 200, text)
    const { state, outcome } = JSON.parse(text)
    if (state !== 'PENDING') return { state, code: outcome?.code }
  }
  throw new Error(`Task ${task.id} has not ended after ${seconds} s`)
}

/** Resolves when the task's worker has come to a step (src/task/step.ts). Throws when it does not. */
export async function reached(machine: Machine, { id }: Task, step: string): Promise<void> {
  await machine.until(`grep -qs '^${step}' /var/spool/abrt-retrace/${id}/step`)
}
