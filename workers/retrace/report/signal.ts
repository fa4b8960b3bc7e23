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
  24: ['SIGXCPU', 'CPU time limit exceeded'],
  25: ['SIGXFSZ', 'File size limit exceeded'],
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
  },
  5: { 1: 'TRAP_BRKPT', 2: 'TRAP_TRACE' },
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
  },
  11: { 1: 'SEGV_MAPERR', 2: 'SEGV_ACCERR', 3: 'SEGV_BNDERR', 4: 'SEGV_PKUERR', 8: 'SEGV_MTEAERR', 9: 'SEGV_MTESERR' },
  31: { 1: 'SYS_SECCOMP' },
}

const ANY_CODE: Readonly<Record<number, string>> = {
  0: 'SI_USER',
  128: 'SI_KERNEL',
  [-1]: 'SI_QUEUE',
  [-2]: 'SI_TIMER',
  [-6]: 'SI_TKILL',
}

/** `SIGSEGV`; `SIG50` for one without a name of its own. */
export function signalName(signal: number): string {
  return SIGNALS[signal]?.[0] ?? `SIG${signal}`
}

/** `SEGV_MAPERR`; undefined when the cause has no name. */
export function codeName(signal: number, code: number): string | undefined {
  return CODES[signal]?.[code] ?? ANY_CODE[code]
}

/** `Program terminated with signal SIGSEGV, Segmentation fault.`; undefined without a signal. */
export function signalSentence(signal: number): string | undefined {
  if (signal <= 0) return undefined
  const description = SIGNALS[signal]?.[1] ?? `Signal ${signal}`
  return `Program terminated with signal ${signalName(signal)}, ${description}.`
}
