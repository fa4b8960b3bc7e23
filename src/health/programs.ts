/** The programs that the server and its workers start: whether each is here and runs, by its version. */
import { ProgramError } from '../process/error.ts'
import type { OutsideProgram } from '../process/programs.ts'
import { versionOf } from '../process/trial.ts'
import type { Look } from './look.ts'

export const programs: readonly Look[] = [
  program('gdb', 'gdb-multiarch', { package: 'gdb-multiarch', words: ['-nx'] }),
  // Only the fallback for cores that gdb-multiarch does not read needs it.
  program('qemu', 'qemu-s390x-static', { package: 'qemu-user-static', isDispensable: true }),
  program('setpriv', 'setpriv', { package: 'util-linux' }),
  program('prlimit', 'prlimit', { package: 'util-linux' }),
  // Uploads are unpacked without it, in the server's process; indices of repositories are not.
  program('xz', 'xz', { package: 'xz-utils', isReplaceable: true }),
  program('zstd', 'zstd', { package: 'zstd' }),
  program('gpgv', 'gpgv', { package: 'gpgv' }),
]

function program(
  what: string,
  name: OutsideProgram,
  { package: owner, words = [], isDispensable = false, isReplaceable = false }: {
    package: string
    words?: string[]
    /** No task needs it. */
    isDispensable?: boolean
    /** Tasks go on where it is missing, though not where it is there and broken. */
    isReplaceable?: boolean
  },
): Look {
  return {
    what,
    ...(isDispensable ? {} : { part: 'programs' as const, isCostly: true }),
    async question() {
      try {
        return { verdict: 'ok', text: (await versionOf(name, ...words)).slice(0, 100) || `${name} works` }
      } catch (error) {
        const isMissing = error instanceof ProgramError && error.kind === 'not-started'
        return {
          verdict: isDispensable || isReplaceable && isMissing ? 'warn' : 'FAIL',
          text: isMissing ? `${name} is not installed` : `${name} does not work`,
          more: isMissing ? `install ${owner}` : `${reasonOf(error)}: install ${owner}`,
        }
      }
    },
  }
}

/** What a program wrote to standard error, or why it could not be started. */
export function reasonOf(error: unknown): string {
  if (error instanceof ProgramError && error.complaint !== '') return error.complaint.slice(0, 200)
  return error instanceof Error ? error.message : String(error)
}
