/**
 * A debugger that a task can be given to, and the host's own. Owns what of the host that one sees; refuses /usr/bin and
 * /usr/lib/debug of the host: programs and debuginfo come from verified packages only.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { arch } from 'node:process'
import { type Architecture, ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { systemDebugger } from '../../../src/process/debuggers.ts'
import { mergedLinks, type SandboxPlan } from '../sandbox/arguments.ts'

export interface Engine {
  /** As the log and backtrace.json call it. */
  readonly name: string
  /** What its program is compiled for: a library that it loads has to be of the same. */
  readonly runsAs: Architecture
  /** The command inside the sandbox, before gdb's own arguments. */
  readonly command: readonly [string, ...string[]]
  readonly sees: SandboxPlan['debugger']
  /** What the indices that it makes of debuginfo are kept by; undefined: it makes and reads none. */
  readonly indexKey?: string
  serves(architecture: Architecture): boolean
}

const HOST_NAMES: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64', riscv64: 'riscv64' }

/** The architecture of this machine, as the table calls it. */
export function hostArchitecture(): Architecture | undefined {
  return HOST_NAMES[arch]
}

/** The distribution's multi-target gdb, or its plain one, which knows the host's own architectures only. */
export function hostEngine(program = systemDebugger()?.path): Engine | undefined {
  const own = hostArchitecture()
  const triplet = ARCHITECTURES.find((row) => row.name === own)?.triplet
  if (program === undefined || !existsSync(program) || own === undefined || triplet === undefined) return undefined
  const isMultiarch = program.endsWith('multiarch')
  return {
    name: program.slice(program.lastIndexOf('/') + 1),
    runsAs: own,
    command: [program],
    sees: {
      binds: [program, dataOf(program), `/usr/lib/${triplet}`, ...foldersThatExist()].map((path) => ({
        from: path,
        at: path,
      })),
      links: [...mergedLinks('', ['bin', 'lib', 'lib64']), ...loaderLinks()],
    },
    indexKey: indexKeyOf(program),
    serves: (architecture) => isMultiarch || architecture === own || (own === 'amd64' && architecture === 'i386'),
  }
}

/** Another one for each version of a debugger, and each build: its name with eight digits of its file's size and time. */
export function indexKeyOf(program: string): string {
  const { size, mtimeMs } = statSync(program)
  return `${basename(program)}-${createHash('sha256').update(`${size} ${mtimeMs}`).digest('hex').slice(0, 8)}`
}

/** gdb's own data, beside the folder of its program. */
function dataOf(program: string): string {
  const own = join(dirname(dirname(program)), 'share', 'gdb')
  return existsSync(own) ? own : '/usr/share/gdb'
}

/**
 * Python's standard library, without which gdb 13 does not start, the folder of the loader, and the locale without
 * which gdb shows text in UTF-8 as octal numbers.
 */
function foldersThatExist(): string[] {
  const pythons = readdirSync('/usr/lib').filter((name) => /^python3\.\d+$/.test(name)).map((name) =>
    `/usr/lib/${name}`
  )
  return [...pythons, ...['/usr/lib64', '/usr/lib/locale/C.utf8'].filter((path) => existsSync(path))]
}

/** The loader's name directly in /lib, as on arm64: a link beside the folder that is bound. */
function loaderLinks() {
  return readdirSync('/usr/lib').filter((name) => /^ld-linux-[a-z0-9-]+\.so\.\d$/.test(name)).flatMap((name) => {
    try {
      return [{ path: `/usr/lib/${name}`, target: readlinkSync(`/usr/lib/${name}`) }]
    } catch {
      return [] // no link: a file in a place that Debian does not use
    }
  })
}
