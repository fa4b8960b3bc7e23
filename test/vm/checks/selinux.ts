/**
 * The module of ops/selinux, enforced: what the product does is allowed, what a debugger may not do is refused by it alone. In a
 * machine that started with security=selinux selinux=1. It starts permissive, since the labels of what is installed in it are made
 * there; then setenforce, and last a start that enforces from its beginning.
 */
import { strict as assert } from 'node:assert'
import { attempts, PROBE, SECRET } from '../attempts.ts'
import { type Check, property, SERVER } from '../check.ts'
import { ask, ended, reached, send } from '../client.ts'
import type { Machine } from '../machine.ts'
import { twinsUnder } from './twins.ts'
import { readConfig } from '../../../src/config/config.ts'
import { workerMemoryMb } from '../../../src/runner/worker_memory.ts'
import { MIB } from '../../../src/units/bytes.ts'

export const SELINUX_WORDS = ['security=selinux', 'selinux=1']

const LOAD = '/usr/share/abrt-retrace/selinux/load'
/** Compiling and linking a whole policy takes minutes in an emulated machine. */
const LOAD_S = 1800

/** What the kernel has refused to our domains since the last `dmesg -C`, each once. */
async function denials(machine: Machine): Promise<string> {
  return await machine.get(
    `dmesg | sed -n 's/.*avc:  denied //p' | grep 'scontext=[^ ]*:retrace_' |
      sed -E 's/ (pid|ino)=[0-9]+//g; s/ (name|path)="[^"]*"//; s/ permissive=.*//' | sort -u || true`,
  )
}

/** The type of the server's main process. */
async function typeOfServer(machine: Machine): Promise<string | undefined> {
  const pid = await property(machine, 'MainPID')
  return (await machine.get(`tr -d '\\0' </proc/${pid}/attr/current`)).split(':')[2]
}

async function retraces(machine: Machine): Promise<void> {
  const task = await send(machine)
  assert.equal((await ended(machine, task)).state, 'FINISHED_SUCCESS')
}

/**
 * What types of files and domains do not tell, or what is asked without doing it. Here it is root of its user namespace to begin with; that a
 * debugger may use no capability is asked of the whole policy (npm run test:policies).
 */
const NOT_HELD =
  /^(user |has-descriptor|has-variable|sees-special|end$|(unshare|clone)-user |have-capability |become-(root|another-group) )/
/** What the filter of system calls, limits and namespaces of the real wall refuse, and this policy leaves to them. */
const OF_THE_WALL =
  /^(share-session|hold-memory-file|grow-pipe|leave-core|be-without-limits|can-(chmod|write|overwrite|utime|chown|setxattr) )/

export const SELINUX: Check[] = [
  {
    name:
      'SELinux: the module is compiled by the policy of the machine, and loaded; the server runs in its domain, enforced',
    async run(machine) {
      await machine.get(LOAD, LOAD_S)
      // The mirror of this run is on a port of its own.
      await machine.get('sysctl -q -w kernel.printk_ratelimit=0; setsebool -P retrace_any_mirror_port 1', LOAD_S)
      await machine.get(`setenforce 1; dmesg -C; systemctl restart ${SERVER}`, 1800)
      assert.equal(await machine.get('getenforce'), 'Enforcing')
      assert.equal(await typeOfServer(machine), 'retrace_server_t')
    },
  },
  {
    name: 'SELinux: sync, upload, fetch, retrace and clean are refused nothing',
    async run(machine) {
      await machine.get('systemctl start abrt-reposync.service', 1800)
      const { text } = await ask(machine, '/readyz')
      assert.match(text, /^ok +sandbox/m)
      await retraces(machine)
      await machine.get('systemctl start abrt-retrace-clean.service', 1800)
      assert.equal(await denials(machine), '')
    },
  },
  {
    name: 'SELinux: a worker keeps the limit of memory that the server gave it, and clean beside it is refused nothing',
    async run(machine) {
      const task = await send(machine)
      await reached(machine, task, 'debug')
      const words = await machine.get(
        `pid=$(pgrep -u abrt-retrace -f abrt-retrace-worker.cjs | head -n 1); tr -d '\\0' </proc/$pid/attr/current; echo
        prlimit --pid $pid --data --output SOFT --noheadings`,
      )
      await machine.get('systemctl start abrt-retrace-clean.service', 1800)
      assert.equal((await ended(machine, task)).state, 'FINISHED_SUCCESS')
      assert.equal(await denials(machine), '')
      const [context = '', data = ''] = words.split('\n').map((line) => line.trim())
      assert.match(context, /:retrace_worker_t:/)
      // As the server says it: no setting of this machine changes it.
      assert.equal(data, String(workerMemoryMb(readConfig(['abrt-retrace-worker'], {})) * MIB))
    },
  },
  ...twinsUnder({ name: 'SELinux', denials }),
  {
    name: 'SELinux: what is kept has the labels that it would get anew',
    async run(machine) {
      const kept = '/var/spool/abrt-retrace /var/cache/abrt-repo /var/lib/abrt-retrace'
      assert.equal(await machine.get(`restorecon -R -n -v ${kept}`), '')
      assert.match(await machine.get('ls -dZ /var/cache/abrt-repo/.fetch/index'), /:retrace_index_t:/)
    },
  },
  {
    name:
      'SELinux: a debugger in a sandbox that hides nothing reads no secret, writes nothing but its own memory, and reaches nobody',
    async run(machine) {
      const first = '/usr/local/lib/as-server'
      const said = '/var/lib/abrt-retrace/said'
      const done = await attempts(machine, {
        // The domain is entered as by the server's unit: by executing a file of its type.
        unit: '',
        first,
        said,
        before: `restorecon ${SECRET}; chcon -t retrace_debugger_exec_t ${PROBE}
          printf '#!/bin/sh\\n"$@" </dev/null 2>&1 | cat >${said}\\n' >${first}
          chmod 755 ${first}; chcon -t retrace_server_exec_t ${first}; dmesg -C`,
        bound: ['usr', 'etc', 'var', 'tmp', 'root'],
        // Mounts on what is not in memory are refused to bubblewrap.
        place: '/run/gdb',
      })
      assert.ok(done.length > 0)
      assert.deepEqual(done.filter((line) => /^(connect|read-secret|kill-outside|read-memory)/.test(line)), [])
      const changed = done.filter((line) => /^can-/.test(line)).map((line) => line.split(' ')[1] ?? '')
      // The sandbox's own root, in memory, and a folder that bubblewrap makes in it; /tmp is the machine's here.
      assert.deepEqual(changed.filter((path) => path !== '/' && path !== '/run'), [])
      assert.deepEqual(done.filter((line) => !NOT_HELD.test(line) && !OF_THE_WALL.test(line)), [])
      assert.match(await denials(machine), /scontext=[^ ]*:retrace_debugger_t/)
    },
  },
  {
    name: 'SELinux: a machine that enforces from its start has a server that is ready, and retraces',
    async run(machine) {
      await machine.get(`sed -i s/^SELINUX=.*/SELINUX=enforcing/ /etc/selinux/config; sync`)
      machine.cutPower()
      await machine.awaitBoot()
      assert.equal(await machine.get('getenforce'), 'Enforcing')
      await machine.until(`systemctl is-active ${SERVER}`, 1800)
      assert.equal(await typeOfServer(machine), 'retrace_server_t')
      await retraces(machine)
      assert.equal(await denials(machine), '')
    },
  },
]
