/** What is tried in the machine: a sentence that holds, or throws. Each may count on those before it. */
import type { Machine } from './machine.ts'

export interface Check {
  /** What is so when it passes. */
  readonly name: string
  run(machine: Machine): Promise<void>
}

export const SERVER = 'abrt-retrace-server.service'
export const ENVIRONMENT = '/etc/abrt-retrace/abrt-retrace.env'
/** The group of the server's unit. */
export const GROUP = `/sys/fs/cgroup/system.slice/${SERVER}`

/** A line of a unit's or of the kernel's journal since `since` (a mark()). */
export function journal(machine: Machine, since: string, words = `-u ${SERVER}`): Promise<string> {
  return machine.get(`journalctl -q -o cat ${words} --after-cursor='${since}' --no-pager`)
}

/** Where the journal is now. */
export async function mark(machine: Machine): Promise<string> {
  return (/-- cursor: (\S+)/.exec(await machine.get('journalctl -q -n 1 --show-cursor')) ?? [])[1] ?? ''
}

/** Changes a line of the settings and starts the server again. */
export async function set(machine: Machine, name: string, value: string): Promise<void> {
  await machine.get(
    `sed -i '/^${name}=/d' ${ENVIRONMENT}; echo ${name}=${value} >>${ENVIRONMENT}
    systemctl restart ${SERVER}`,
    600,
  )
}

/** A property of the server's unit. */
export function property(machine: Machine, name: string): Promise<string> {
  return machine.get(`systemctl show --value -p ${name} ${SERVER}`)
}

/**
 * A drop-in of the server's unit, in place of the one before; the server is not started again by it. An emulated machine is
 * slow, and slower on a busy one: starts and signs of life have more time in any case.
 */
export async function dropIn(machine: Machine, lines: readonly string[] = []): Promise<void> {
  const folder = `/etc/systemd/system/${SERVER}.d`
  const text = ['[Service]', 'TimeoutStartSec=1800', 'WatchdogSec=3600', ...lines].join('\\n')
  await machine.get(`mkdir -p ${folder}; printf '${text}\\n' >${folder}/vm.conf; systemctl daemon-reload`)
}
