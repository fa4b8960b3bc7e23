/**
 * What systemd, or whoever speaks its protocol, gave this process and wants to hear from it: a socket
 * (sd_listen_fds(3)), readiness and signs of life (sd_notify(3)). Node has no datagram sockets of the Unix kind, so
 * `systemd-notify` sends.
 */
import { pid } from 'node:process'
import type { SupervisorEnvironment } from '../config/supervisor_environment.ts'
import { startOutside } from '../process/outside.ts'
import { log } from '../telemetry/log.ts'
import { UsageError } from '../errors/usage_error.ts'

/** The first descriptor that is passed (sd_listen_fds(3)). */
const FIRST_FD = 3
const NOTIFY_LIMIT_MS = 5000

/**
 * The socket that was passed; undefined: none was, or it was meant for another process. Throws UsageError for several.
 */
export function passedSocket({ listenPid, listenFds }: SupervisorEnvironment): number | undefined {
  if (listenFds === undefined || Number(listenPid) !== pid) return undefined
  if (listenFds !== '1') {
    throw new UsageError(`LISTEN_FDS is ${listenFds}: expected one socket, for RETRACE_PORT, by socket activation`)
  }
  return FIRST_FD
}

export interface Supervisor {
  /** The server listens. From here on signs of life are sent in time, as long as the event loop turns. */
  ready(status: string): void
  stopping(): void
}

/** Says nothing when nobody wants to hear it. */
export function createSupervisor({ notifySocket, watchdogUsec }: SupervisorEnvironment): Supervisor {
  if (notifySocket === undefined) return { ready: () => undefined, stopping: () => undefined }
  let timer: ReturnType<typeof setInterval> | undefined
  return {
    ready(status) {
      notify(['READY=1', `STATUS=${status}`])
      const halfMs = Number(watchdogUsec) / 2000
      if (halfMs > 0) timer = setInterval(() => notify(['WATCHDOG=1']), halfMs).unref()
    },
    stopping() {
      clearInterval(timer)
      notify(['STOPPING=1'])
    },
  }
}

function notify(words: string[]): void {
  startOutside('systemd-notify', ['systemd-notify', `--pid=${pid}`, ...words], {
    environment: 'inherited',
    timeoutMs: NOTIFY_LIMIT_MS,
  }).succeeded().catch((cause) => {
    log('server').warning(`systemd could not be told ${words[0]}: ${cause.message}`)
  })
}
