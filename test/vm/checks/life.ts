/** Reload, death, restart and stop of the server under systemd: what was accepted ends, once, and nothing stays behind. */
import { strict as assert } from 'node:assert'
import { type Check, dropIn, GROUP, journal, mark, property, SERVER } from '../check.ts'
import { ask, ended, reached, send, type Task } from '../client.ts'
import type { Machine } from '../machine.ts'

const SHOWN = 'openssl s_client -connect localhost:8443 </dev/null 2>/dev/null | openssl x509 -noout -serial'
const PROCESSES = 'ps -u abrt-retrace -o pid=,args='

/** Resolves when another process serves. */
async function replaced(machine: Machine, before: string): Promise<void> {
  await machine.until(`pid=$(systemctl show --value -p MainPID ${SERVER})
    [ "$pid" != 0 ] && [ "$pid" != ${before} ] && systemctl is-active -q ${SERVER}`)
}

async function endedOnce(machine: Machine, task: Task, since: string): Promise<void> {
  assert.equal((await ended(machine, task)).state, 'FINISHED_SUCCESS')
  const ends = (await journal(machine, since)).match(new RegExp(`task=${task.id}: FINISHED_`, 'g'))
  assert.equal(ends?.length, 1)
}

/** A task that runs when its server is killed ends once, by the next one; `sent` sends it. */
export async function outlivesItsServer(machine: Machine, sent: (machine: Machine) => Promise<Task>): Promise<void> {
  const since = await mark(machine)
  const pid = await property(machine, 'MainPID')
  const task = await sent(machine)
  await reached(machine, task, 'debug')
  await machine.get(`kill -KILL ${pid}`)
  await replaced(machine, pid)
  await endedOnce(machine, task, since)
}

export const LIFE: Check[] = [
  {
    name: 'systemctl reload shows the new certificate, from the same process',
    async run(machine) {
      const [pid, serial] = [await property(machine, 'MainPID'), await machine.get(SHOWN)]
      await machine.get(`cd /etc/abrt-retrace && openssl req -x509 -key server.key -days 365 -subj /CN=localhost \\
        -addext subjectAltName=DNS:localhost -out server.crt && systemctl reload ${SERVER}`)
      const wanted = await machine.get('openssl x509 -noout -serial -in /etc/abrt-retrace/server.crt')
      assert.notEqual(serial, wanted)
      await machine.until(`[ "$(${SHOWN})" = ${wanted} ]`)
      assert.equal(await property(machine, 'MainPID'), pid)
    },
  },
  {
    name: 'a server that is killed starts again, and a task that ran ends once',
    run: (machine) => outlivesItsServer(machine, send),
  },
  {
    name: 'a task that runs while the server is restarted runs again and ends once',
    async run(machine) {
      const since = await mark(machine)
      const task = await send(machine)
      await reached(machine, task, 'debug')
      await machine.get(`systemctl restart ${SERVER}`, 600)
      await endedOnce(machine, task, since)
    },
  },
  {
    name: 'a server that hangs is ended by the watchdog and starts again',
    async run(machine) {
      await dropIn(machine, ['WatchdogSec=30'])
      await machine.get(`systemctl restart ${SERVER}`, 600)
      const since = await mark(machine)
      const pid = await property(machine, 'MainPID')
      await machine.get(`sleep 70; [ "$(systemctl show --value -p MainPID ${SERVER})" = ${pid} ]`, 90)
      await machine.get(`kill -STOP ${pid}`)
      await replaced(machine, pid)
      const log = await journal(machine, since)
      await dropIn(machine)
      await machine.get(`systemctl restart ${SERVER}`, 600)
      assert.match(log, /Watchdog timeout/)
    },
  },
  {
    name: 'a stop while a task runs is in time and leaves no process, no group, no half task; the next start ends it',
    async run(machine) {
      const since = await mark(machine)
      const task = await send(machine)
      await reached(machine, task, 'debug')
      await machine.get(`systemctl stop ${SERVER}`, 120)
      assert.equal(await property(machine, 'Result'), 'success')
      assert.equal(await machine.get(`${PROCESSES} || true`), '')
      assert.equal(await machine.get(`ls -d ${GROUP} 2>/dev/null || true`), '')
      assert.equal(await machine.get("ls /var/spool/abrt-retrace | grep -vE '^[0-9]+$' | grep -v lock || true"), '')
      await machine.get(`systemctl start ${SERVER}`, 600)
      await endedOnce(machine, task, since)
    },
  },
  {
    name: 'with abrt-retrace-server.socket a request that comes while the server restarts is answered',
    async run(machine) {
      await machine.get(
        `systemctl stop ${SERVER} && systemctl enable --now abrt-retrace-server.socket
        systemctl start ${SERVER}`,
        120,
      )
      await machine.get(`systemctl restart --no-block ${SERVER}; sleep 1`)
      assert.equal((await ask(machine, '/healthz', undefined, '--max-time 50')).status, 200)
      await machine.get(`systemctl disable --now abrt-retrace-server.socket; systemctl restart ${SERVER}`, 600)
    },
  },
]
