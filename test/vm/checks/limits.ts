/** What holds a task under the shipped unit: control groups (v2) that the kernel keeps, and what the logs say of it. */
import { strict as assert } from 'node:assert'
import { type Check, dropIn, GROUP, journal, mark, property, SERVER, set } from '../check.ts'
import { ask, ended, reached, send } from '../client.ts'

const MEMORY_MB = 1024

/** The limits of the group in which a gdb is, all in one look. */
const GDB_AND_ITS_GROUP = `pid=$(pgrep -x gdb-multiarch) || exit 1
  group=/sys/fs/cgroup$(cut -d: -f3- /proc/$pid/cgroup)
  case $group in ${GROUP}/abrt-retrace-*) cd $group && grep -H . memory.max memory.swap.max cpu.weight pids.max | tr : ' ' ;;
    *) echo "gdb is in $group"; exit 1 ;;
  esac`

export const LIMITS: Check[] = [
  {
    name: 'the server is in a leaf, and memory, pids and cpu are there for tasks, as its log says',
    async run(machine) {
      const handed = (await machine.get(`cat ${GROUP}/cgroup.subtree_control`)).split(' ')
      assert.deepEqual(handed.sort(), ['cpu', 'memory', 'pids'])
      const group = await machine.get(`cat /proc/${await property(machine, 'MainPID')}/cgroup`)
      assert.equal(group, `0::/system.slice/${SERVER}/server`)
      const log = await machine.get(`journalctl -o cat -u ${SERVER}`)
      assert.match(log, /the memory of tasks is held by control groups \(v2: cpu, memory, pids\)/)
    },
  },
  {
    name: 'a crash of this machine is retraced, the debugger in a group of its own with the limits of the settings',
    async run(machine) {
      const task = await send(machine)
      await reached(machine, task, 'debug')
      const seen = await machine.until(GDB_AND_ITS_GROUP)
      assert.match(seen, new RegExp(`memory.max ${MEMORY_MB * 2 ** 20}$`, 'm'))
      assert.match(seen, /memory.swap.max 0$/m)
      assert.match(seen, /cpu.weight 10$/m)
      assert.match(seen, /pids.max \d+$/m)
      assert.deepEqual(await ended(machine, task), { state: 'FINISHED_SUCCESS', code: 'ok-partial' })
      await machine.until(`! ls -d ${GROUP}/abrt-retrace-* 2>/dev/null`)
      assert.match((await ask(machine, `/${task.id}/backtrace`, task)).text, /string_at .*_ctypes\.c/)
      assert.match((await ask(machine, `/${task.id}/log`, task)).text, /memory is held by a control group \(v2\)/)
    },
  },
  {
    name: 'a debugger over RETRACE_TASK_MEMORY_MB is ended by the kernel, the server is not, and the outcome says so',
    async run(machine) {
      await set(machine, 'RETRACE_TASK_MEMORY_MB', '64')
      const server = await property(machine, 'MainPID')
      const since = await mark(machine)
      const task = await send(machine)
      const { code } = await ended(machine, task)
      const kernel = await journal(machine, since, '-k')
      await set(machine, 'RETRACE_TASK_MEMORY_MB', String(MEMORY_MB))
      assert.equal(code, 'out-of-memory')
      assert.match(
        kernel,
        /constraint=CONSTRAINT_MEMCG[^\n]*task_memcg=\/system.slice\/abrt-retrace-server.service\/abrt/,
      )
      assert.ok(Number(server) > 0)
    },
  },
  {
    name: 'without Delegate= both logs say that memory is watched, and a crash is retraced all the same',
    async run(machine) {
      await dropIn(machine, ['Delegate=no'])
      const since = await mark(machine)
      await machine.get(`systemctl restart ${SERVER}`, 600)
      const log = await journal(machine, since)
      const task = await send(machine)
      const { state } = await ended(machine, task)
      const text = (await ask(machine, `/${task.id}/log`, task)).text
      await dropIn(machine)
      await machine.get(`systemctl restart ${SERVER}`, 600)
      assert.match(log, /the memory of tasks is watched through \/proc, without control groups/)
      assert.match(text, /memory is watched through \/proc/)
      assert.equal(state, 'FINISHED_SUCCESS')
    },
  },
]
