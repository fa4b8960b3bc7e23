/** The profiles of ops/apparmor, enforced: what the product does is allowed, what a debugger may not do is refused by them alone. */
import { strict as assert } from 'node:assert'
import { attempts } from '../attempts.ts'
import { type Check, property, SERVER } from '../check.ts'
import { ask, ended, send } from '../client.ts'
import type { Machine } from '../machine.ts'
import { twinsUnder } from './twins.ts'

const LOAD = '/usr/share/abrt-retrace/apparmor/load'

/** What the kernel has refused by our profiles, each once. */
async function denials(machine: Machine): Promise<string> {
  return await machine.get(
    `dmesg | grep -o 'apparmor="DENIED".*' | grep 'profile="abrt-' | sed 's/ pid=[0-9]*//' | sort -u || true`,
  )
}

/** What no profile of a kernel without rules for user namespaces refuses, or is told from what it is asked for. */
const NOT_HELD =
  /^(user |has-descriptor|has-variable|sees-special|end$|(unshare|clone)-user |mount |become-(root|another-group) )/
/** What the filter of system calls, limits and namespaces of the real wall refuse, and AppArmor has no rule for. */
const OF_THE_WALL =
  /^(have-capability|share-session|use-keyring|use-io-uring|hold-memory-file|hold-shared-memory|hold-queue|grow-pipe|leave-core|be-without-limits|can-chmod|can-write|can-overwrite|can-utime|can-chown|can-setxattr)/

export const APPARMOR: Check[] = [
  {
    name: 'AppArmor: the server runs by its profile, which it takes at its next start',
    async run(machine) {
      await machine.get(`sysctl -q -w kernel.printk_ratelimit=0; ${LOAD}; dmesg -C; systemctl restart ${SERVER}`, 1800)
      const pid = await property(machine, 'MainPID')
      assert.equal(await machine.get(`cat /proc/${pid}/attr/current`), 'abrt-retrace-server (enforce)')
    },
  },
  {
    name: 'AppArmor: sync, upload, retrace and clean are refused nothing',
    async run(machine) {
      await machine.get('systemctl start abrt-reposync.service', 1800)
      const { text } = await ask(machine, '/readyz')
      assert.match(text, /^ok +sandbox/m)
      const task = await send(machine)
      assert.equal((await ended(machine, task)).state, 'FINISHED_SUCCESS')
      await machine.get('systemctl start abrt-retrace-clean.service', 1800)
      assert.equal(await denials(machine), '')
    },
  },
  ...twinsUnder({ name: 'AppArmor', denials }),
  {
    name:
      'AppArmor: a debugger in a sandbox that hides nothing reads no secret, writes nothing but its /tmp, and reaches nobody',
    async run(machine) {
      const done = await attempts(machine, {
        unit: '-p AppArmorProfile=abrt-retrace-server',
        bound: ['usr', 'etc', 'var', 'run', 'tmp', 'root'],
        place: '/usr/bin/gdb-multiarch',
      })
      assert.deepEqual(done.filter((line) => /^(connect|read-secret|kill-outside|read-memory)/.test(line)), [])
      // Times have no rule of their own: the filter of system calls refuses them.
      const changed = done.filter((line) => /^can-(?!utime)/.test(line)).map((line) => line.split(' ')[1] ?? '')
      assert.deepEqual(changed.filter((path) => !/^\/(tmp|new)(\/|$)/.test(path)), [])
      assert.deepEqual(done.filter((line) => !NOT_HELD.test(line) && !OF_THE_WALL.test(line)), [])
      assert.match(await denials(machine), /profile="abrt-retrace-wall\/\/debugger"/)
    },
  },
]
