/** Timers, by setting the clock ahead, and a power cut. */
import { strict as assert } from 'node:assert'
import { type Check, property, SERVER } from '../check.ts'
import { ask, ended, reached, send } from '../client.ts'

/** When a unit was started last, in seconds since 1970; 0: not yet. */
const LAST = (unit: string) =>
  `date -d "$(systemctl show --value -p ExecMainStartTimestamp ${unit} | grep . || echo @0)" +%s`

export const TIME: Check[] = [
  {
    name: 'after a power cut the server and the timers are there, old tasks too, and a task that ran ends',
    async run(machine) {
      const old = await send(machine)
      const before = await ended(machine, old)
      const running = await send(machine)
      await reached(machine, running, 'debug')
      machine.cutPower()
      await machine.awaitBoot()
      for (const unit of [SERVER, 'abrt-reposync.timer', 'abrt-retrace-clean.timer']) {
        await machine.until(`systemctl is-active ${unit}`)
      }
      assert.deepEqual(await ended(machine, old), before)
      assert.equal((await ended(machine, running)).state, 'FINISHED_SUCCESS')
      assert.equal((await ask(machine, '/readyz')).status, 200)
    },
  },
  {
    name: 'the timers start clean and sync at their hours, and clean deletes what is too old and nothing else',
    async run(machine) {
      const old = await send(machine)
      await ended(machine, old)
      // systemd waits a random time more, from when the hour is found to have passed; here nobody waits half an hour.
      await machine.get(`for timer in abrt-retrace-clean abrt-reposync; do
          mkdir -p /etc/systemd/system/$timer.timer.d
          printf '[Timer]\\nRandomizedDelaySec=0\\n' >/etc/systemd/system/$timer.timer.d/vm.conf
        done
        systemctl daemon-reload; date -s '7 days 06:50'; sleep 2`)
      const now = Number(await machine.get('date +%s'))
      for (const unit of ['abrt-retrace-clean', 'abrt-reposync']) {
        await machine.until(`[ "$(${LAST(`${unit}.service`)})" -ge ${now - 60} ]`)
        await machine.until(`[ "$(systemctl is-active ${unit}.service)" = inactive ]`)
        assert.equal(await machine.get(`systemctl show --value -p Result ${unit}.service`), 'success')
      }
      assert.equal((await machine.run(`ls -d /var/spool/abrt-retrace/${old.id}`)).code, 2)
      const young = await send(machine)
      assert.equal((await ended(machine, young)).state, 'FINISHED_SUCCESS')
      await machine.get('systemctl start abrt-retrace-clean.service', 120)
      assert.equal((await ask(machine, `/${young.id}`, young)).status, 200)
      assert.equal(await property(machine, 'NRestarts'), '0')
    },
  },
]
