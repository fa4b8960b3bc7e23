/** From a Debian on which nothing of ours is to a server that says it is ready, by what ops/install prints. */
import { strict as assert } from 'node:assert'
import { Buffer } from 'node:buffer'
import { type Check, dropIn, ENVIRONMENT, property, SERVER } from '../check.ts'
import { ask } from '../client.ts'
import type { Machine } from '../machine.ts'

/** What systemd-analyze security says at most, 0 (safe) to 10. */
const EXPOSURE = 3.5

/**
 * Resolves when /readyz has no fault; `but`: lines that may have one. Programs must say their version within seconds, and gdb in an
 * emulated machine on a busy one does not always: it is asked again. Throws what was said last.
 */
export async function isReady(
  machine: Machine,
  but: (line: string) => boolean = () => false,
  seconds = 600,
): Promise<void> {
  let faults = ['never asked']
  for (const deadline = Date.now() + seconds * 1000; faults.length > 0;) {
    const { text } = await ask(machine, '/readyz')
    faults = text.split('\n').filter((line) => line !== '' && !/^(ok|warn) /.test(line) && !but(line))
    if (faults.length > 0 && Date.now() > deadline) throw new Error(text)
  }
}

/** `sources`: the text of a .sources file. */
export function installing(sources: string): Check[] {
  return [
    {
      name: 'what ops/install puts there, and the commands that it prints, make a server that is ready',
      async run(machine) {
        await machine.get('tar -xf /dev/vdb -C /', 240)
        await machine.get(`systemd-sysusers && systemd-tmpfiles --create
          cd /etc/abrt-retrace && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=localhost \\
            -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt
          printf '%s\\n' RETRACE_TLS_CERT=$PWD/server.crt RETRACE_TLS_KEY=$PWD/server.key RETRACE_MIN_FREE_MB=512 \\
            RETRACE_TASK_MEMORY_MB=1024 RETRACE_TASK_TIMEOUT_S=2400 >>${ENVIRONMENT}
          chgrp abrt-retrace ${ENVIRONMENT} server.key; chmod 640 server.key
          base64 -d >repos.d/vm.sources <<<${Buffer.from(sources).toString('base64')}
          systemctl daemon-reload`)
        await dropIn(machine)
        await machine.get(`systemctl enable --now ${SERVER} abrt-reposync.timer abrt-retrace-clean.timer`, 1800)
        assert.equal(await property(machine, 'ActiveState'), 'active')
        assert.match(await property(machine, 'StatusText'), /^listening on https/)
        await isReady(machine, (line) => line.includes('sync'))
      },
    },
    {
      name: 'abrt-reposync.service mirrors a repository over the network, and leaves nothing to be done',
      async run(machine) {
        await machine.get('systemctl start abrt-reposync.service', 1800)
        await isReady(machine)
      },
    },
    {
      name: 'the user of the service finds nothing wrong by --check',
      async run(machine) {
        await machine.until(
          `set -a; . ${ENVIRONMENT}; setpriv --reuid=abrt-retrace --regid=abrt-retrace --init-groups \\
          abrt-retrace-server --check`,
        )
      },
    },
    {
      name: `systemd-analyze finds no fault in the units, and an exposure of at most ${EXPOSURE}`,
      async run(machine) {
        const units = await machine.get('ls /usr/lib/systemd/system/abrt-* | xargs')
        assert.equal(await machine.get(`systemd-analyze verify --man=no ${units} 2>&1`, 120), '')
        for (const unit of [SERVER, 'abrt-reposync.service', 'abrt-retrace-clean.service']) {
          const said = await machine.get(`systemd-analyze security --no-pager ${unit} | tail -n 1`, 120)
          const exposure = Number(/exposure level for \S+: ([0-9.]+)/.exec(said)?.[1])
          assert.ok(exposure <= EXPOSURE, said)
        }
      },
    },
  ]
}
