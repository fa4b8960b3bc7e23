/** The programs that the server and its workers start: whether each is here and runs, by its version. */
import { readdirSync } from 'node:fs'
import { nativeEngines, systemDebugger } from '../process/debuggers.ts'
import { NAMINGS } from '../packages/naming/namings.ts'
import { ProgramError } from '../process/error.ts'
import type { InsideProgram, OutsideProgram } from '../process/programs.ts'
import { versionOf } from '../process/trial.ts'
import { findProgram } from '../process/search_path.ts'
import { judgeGdb } from './gdb.ts'
import type { Finding, Look, Subject } from './look.ts'
import { reasonOf } from './reason.ts'

export const programs: readonly Look[] = [
  gdb(),
  // Only the fallback for cores that gdb-multiarch does not read needs it.
  program('qemu', 'qemu-s390x-static', { package: 'qemu-user-static', isDispensable: true }),
  program('setpriv', 'setpriv', { package: 'util-linux' }),
  program('prlimit', 'prlimit', { package: 'util-linux' }),
  // Uploads are unpacked without it, in the server's process; indices of repositories are not.
  program('xz', 'xz', { package: 'xz-utils', isReplaceable: true }),
  program('zstd', 'zstd', { package: 'zstd' }),
  program('gpgv', 'gpgv', { package: 'gpgv' }),
  ...NAMINGS.flatMap(({ programs: own, extension: opens }) =>
    own.map(({ isMute, name, package: owner }) => {
      const traits = { package: owner, opens }
      return isMute ? mute(name, traits) : program(name, name, traits)
    })
  ),
  mute('bzip2', { package: 'bzip2', isDispensable: true }),
  program('lz4', 'lz4', { package: 'lz4', isDispensable: true }),
  program('eu-elfcompress', 'eu-elfcompress', { package: 'elfutils', isDispensable: true }),
]

/** Where the system's is missing, one that ops/engine made does for cores of this machine. */
function gdb(): Look {
  const words = ['-nx']
  const own = program('gdb', 'gdb-multiarch', { package: 'gdb-multiarch', words })
  const plain = program('gdb', 'gdb', { package: 'gdb-multiarch', words })
  return {
    ...own,
    async question(subject) {
      const found = systemDebugger()
      if (found?.name === 'gdb') {
        const said = await judged(plain, 'gdb', subject)
        const more = "it reads this machine's own cores alone: install gdb-multiarch"
        return said.verdict === 'ok' ? { ...said, verdict: 'warn', more } : said
      }
      const said = await judged(own, 'gdb-multiarch', subject)
      const engines = found === undefined ? nativeEngines(subject.config.engineDir) : []
      return engines.length > 0 ? { ...said, verdict: 'warn' } : said
    },
  }
}

/** Whether it runs, and then whether it will do. */
async function judged(look: Look, name: 'gdb' | 'gdb-multiarch', subject: Subject): Promise<Finding> {
  const said = await look.question(subject)
  return said.verdict === 'ok' ? await judgeGdb(name, said.text) : said
}

interface Traits {
  package: string
  words?: string[]
  /** No task needs it. */
  isDispensable?: boolean
  /** Tasks go on where it is missing, though not where it is there and broken. */
  isReplaceable?: boolean
  /** Packages of such repositories are not opened without it. */
  opens?: string
}

function program(what: string, name: OutsideProgram, traits: Traits): Look {
  const { package: owner, words = [], isDispensable = false, isReplaceable = false } = traits
  return {
    what,
    ...(isDispensable ? {} : { part: 'programs' as const, isCostly: true }),
    async question({ config }) {
      try {
        return { verdict: 'ok', text: (await versionOf(name, ...words)).slice(0, 100) }
      } catch (error) {
        const isMissing = error instanceof ProgramError && error.kind === 'not-started'
        if (!isNeeded(traits, config)) {
          const text = `${name} ${isMissing ? 'is not installed' : 'does not work'}`
          return { verdict: 'ok', text, more: `no ${traits.opens} file in RETRACE_REPOS_D needs it; ${owner} has it` }
        }
        return {
          verdict: isDispensable || isReplaceable && isMissing ? 'warn' : 'FAIL',
          text: isMissing ? `${name} is not installed` : `${name} does not work`,
          more: isMissing ? `install ${owner}` : `${reasonOf(error)}: install ${owner}`,
        }
      }
    },
  }
}

/** One that says no version: only looked for. */
function mute(name: InsideProgram, traits: Traits): Look {
  return {
    what: name,
    ...(traits.isDispensable ? {} : { part: 'programs' as const }),
    question({ config }) {
      const path = findProgram(name)
      if (path !== undefined) return { verdict: 'ok', text: `${name} is installed`, more: path }
      const needed = isNeeded(traits, config)
      const more = needed ? `install ${traits.package}` : `no ${traits.opens} file in RETRACE_REPOS_D needs it`
      return {
        verdict: !needed ? 'ok' : traits.isDispensable ? 'warn' : 'FAIL',
        text: `${name} is not installed`,
        more,
      }
    },
  }
}

/** Whether there are repositories of its kind. */
function isNeeded({ opens }: Traits, { reposD }: Subject['config']): boolean {
  if (opens === undefined) return true
  try {
    return readdirSync(reposD).some((name) => name.endsWith(opens))
  } catch {
    return false
  }
}
