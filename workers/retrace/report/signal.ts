/**
 * Names of signals and of their causes on Linux (signal(7), siginfo(2)): the same numbers on all seven architectures.
 * What the table does not know has no name.
 */

const SIGNALS: Readonly<Record<number, [name: string, description: string]>> = {
  1: ['SIGHUP', 'Hangup'],
  2: ['SIGINT', 'Interrupt'],
  3: ['SIGQUIT', 'Quit'],
  4: ['SIGILL', 'Illegal instruction'],
  5: ['SIGTRAP', 'Trace/breakpoint trap'],
  6: ['SIGABRT', 'Aborted'],
  7: ['SIGBUS', 'Bus error'],
  8: ['SIGFPE', 'Arithmetic exception'],
  9: ['SIGKILL', 'Killed'],
  10: ['SIGUSR1', 'User defined signal 1'],
  11: ['SIGSEGV', 'Segmentation fault'],
  12: ['SIGUSR2', 'User defined signal 2'],
  13: ['SIGPIPE', 'Broken pipe'],
  14: ['SIGALRM', 'Alarm clock'],
  15: ['SIGTERM', 'Terminated'],
  16: ['SIGSTKFLT', 'Stack fault'],
  17: ['SIGCHLD', 'Child status changed'],
  18: ['SIGCONT', 'Continued'],
  19: ['SIGSTOP', 'Stopped (signal)'],
  20: ['SIGTSTP', 'Stopped (user)'],
  21: ['SIGTTIN', 'Stopped (tty input)'],
  22: ['SIGTTOU', 'Stopped (tty output)'],
  23: ['SIGURG', 'Urgent I/O condition'],
  24: ['SIGXCPU', 'CPU time limit exceeded'],
  25: ['SIGXFSZ', 'File size limit exceeded'],
  26: ['SIGVTALRM', 'Virtual timer expired'],
  27: ['SIGPROF', 'Profiling timer expired'],
  28: ['SIGWINCH', 'Window size changed'],
  29: ['SIGIO', 'I/O possible'],
  30: ['SIGPWR', 'Power fail/restart'],
  31: ['SIGSYS', 'Bad system call'],
}

const CODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  4: {
    1: 'ILL_ILLOPC',
    2: 'ILL_ILLOPN',
    3: 'ILL_ILLADR',
    4: 'ILL_ILLTRP',
    5: 'ILL_PRVOPC',
    6: 'ILL_PRVREG',
    7: 'ILL_COPROC',
    8: 'ILL_BADSTK',
    9: 'ILL_BADIADDR',
  },
  5: {
    1: 'TRAP_BRKPT',
    2: 'TRAP_TRACE',
    3: 'TRAP_BRANCH',
    4: 'TRAP_HWBKPT',
    5: 'TRAP_UNK',
    6: 'TRAP_PERF',
  },
  7: { 1: 'BUS_ADRALN', 2: 'BUS_ADRERR', 3: 'BUS_OBJERR', 4: 'BUS_MCEERR_AR', 5: 'BUS_MCEERR_AO' },
  8: {
    1: 'FPE_INTDIV',
    2: 'FPE_INTOVF',
    3: 'FPE_FLTDIV',
    4: 'FPE_FLTOVF',
    5: 'FPE_FLTUND',
    6: 'FPE_FLTRES',
    7: 'FPE_FLTINV',
    8: 'FPE_FLTSUB',
    14: 'FPE_FLTUNK',
    15: 'FPE_CONDTRAP',
  },
  11: {
    1: 'SEGV_MAPERR',
    2: 'SEGV_ACCERR',
    3: 'SEGV_BNDERR',
    4: 'SEGV_PKUERR',
    5: 'SEGV_ACCADI',
    6: 'SEGV_ADIDERR',
    7: 'SEGV_ADIPERR',
    8: 'SEGV_MTEAERR',
    9: 'SEGV_MTESERR',
    10: 'SEGV_CPERR',
  },
  17: {
    1: 'CLD_EXITED',
    2: 'CLD_KILLED',
    3: 'CLD_DUMPED',
    4: 'CLD_TRAPPED',
    5: 'CLD_STOPPED',
    6: 'CLD_CONTINUED',
  },
  29: { 1: 'POLL_IN', 2: 'POLL_OUT', 3: 'POLL_MSG', 4: 'POLL_ERR', 5: 'POLL_PRI', 6: 'POLL_HUP' },
  31: { 1: 'SYS_SECCOMP', 2: 'SYS_USER_DISPATCH' },
}

const ANY_CODE: Readonly<Record<number, string>> = {
  0: 'SI_USER',
  128: 'SI_KERNEL',
  [-1]: 'SI_QUEUE',
  [-2]: 'SI_TIMER',
  [-3]: 'SI_MESGQ',
  [-4]: 'SI_ASYNCIO',
  [-5]: 'SI_SIGIO',
  [-6]: 'SI_TKILL',
  [-7]: 'SI_DETHREAD',
  [-60]: 'SI_ASYNCNL',
}

/** Where real-time signals begin and end; the C library keeps 32 and 33 for itself. */
const RTMIN = 34
const RTMAX = 64

/** `SIGSEGV`, `SIGRTMIN+3`; `SIG33` for one without a name of its own. */
export function signalName(signal: number): string {
  const known = SIGNALS[signal]?.[0]
  if (known !== undefined) return known
  if (signal === RTMAX) return 'SIGRTMAX'
  if (signal < RTMIN || signal > RTMAX) return `SIG${signal}`
  return signal === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${signal - RTMIN}`
}

/** `SEGV_MAPERR`; undefined when the cause has no name. */
export function codeName(signal: number, code: number): string | undefined {
  return CODES[signal]?.[code] ?? ANY_CODE[code]
}

/** `Program terminated with signal SIGSEGV, Segmentation fault.`; undefined without a signal. */
export function signalSentence(signal: number): string | undefined {
  if (signal <= 0) return undefined
  const isRealTime = signal >= RTMIN && signal <= RTMAX
  const description = SIGNALS[signal]?.[1] ?? `${isRealTime ? 'Real-time event' : 'Signal'} ${signal}`
  return `Program terminated with signal ${signalName(signal)}, ${description}.`
}
