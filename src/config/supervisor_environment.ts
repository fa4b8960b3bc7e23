/** What a supervisor such as systemd says to the processes that it starts. */
import { env } from 'node:process'
import type { Environment } from './config.ts'

/** undefined: it says nothing of the kind. */
export interface SupervisorEnvironment {
  /** Where it wants to be told (sd_notify(3)), and within how many microseconds it wants a sign of life. */
  notifySocket: string | undefined
  watchdogUsec: string | undefined
  /** For which process it opened how many sockets (sd_listen_fds(3)). */
  listenPid: string | undefined
  listenFds: string | undefined
  /** `DEVICE:INODE` of the stream that goes to the journal (systemd.exec(5)). */
  journalStream: string | undefined
}

export function readSupervisor(from: Environment = env): SupervisorEnvironment {
  return {
    notifySocket: from.NOTIFY_SOCKET || undefined,
    watchdogUsec: from.WATCHDOG_USEC || undefined,
    listenPid: from.LISTEN_PID || undefined,
    listenFds: from.LISTEN_FDS || undefined,
    journalStream: from.JOURNAL_STREAM || undefined,
  }
}
