/**
 * The engines that `ops/engine` made: RETRACE_ENGINE_DIR/SUITE-ARCHITECTURE/, a root with gdb, its libraries and its
 * data and nothing else. Folders that are not whole are passed over. One of the host's architecture runs as it is; one
 * of another architecture is that target's own gdb and runs under qemu-user, which is bound and named, so that no
 * binfmt_misc is needed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Architecture, architectureRow, ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { engineFolders } from '../../../src/process/debuggers.ts'
import { mergedLinks } from '../sandbox/arguments.ts'
import { type Engine, indexKeyOf } from './engine.ts'

const QEMU_INSIDE = '/qemu'

/** Those of the host's architecture first, and of these the newest gdb first. */
export function installedEngines(engineDir: string, host: Architecture | undefined): Engine[] {
  const found = engineFolders(engineDir).flatMap(({ root, suite, program, ...folder }) => {
    const architecture = ARCHITECTURES.find(({ name }) => name === folder.architecture)?.name
    if (architecture === undefined) return []
    const version = versionOf(root, program)
    const engine = engineIn(root, { program, architecture, host, title: `${program} ${version} of ${suite}` })
    return engine === undefined ? [] : [{ engine, version, isEmulated: architecture !== host }]
  })
  const order = (isEmulated: boolean) => (isEmulated ? 1 : 0)
  return found.sort((a, b) => order(a.isEmulated) - order(b.isEmulated) || byVersion(b.version, a.version))
    .map(({ engine }) => engine)
}

function engineIn(
  root: string,
  { program, architecture, host, title }: {
    program: string
    architecture: Architecture
    host: Architecture | undefined
    title: string
  },
): Engine | undefined {
  const usr = { from: join(root, 'usr'), at: '/usr' }
  const links = mergedLinks('', ['bin', 'lib', 'lib64'])
  const command = [`/usr/bin/${program}`] as const
  if (architecture === host) {
    const isMultiarch = program.endsWith('multiarch')
    return {
      name: title,
      runsAs: architecture,
      command,
      sees: { binds: [usr], links },
      indexKey: indexKeyOf(join(root, 'usr', 'bin', program)),
      serves: (wanted) => isMultiarch || wanted === architecture,
    }
  }
  const { qemu } = architectureRow(architecture)
  const emulator = `/usr/bin/${qemu}-static`
  if (!existsSync(emulator)) return undefined
  return {
    name: `${title} under ${qemu}`,
    runsAs: architecture,
    command: [QEMU_INSIDE, ...command],
    sees: { binds: [usr, { from: emulator, at: QEMU_INSIDE }], links },
    serves: (wanted) => wanted === architecture,
  }
}

/** `16.3-1`, from the list of packages that the engine was made of; empty where it has none. */
function versionOf(root: string, program: string): string {
  const list = join(root, 'packages')
  const text = existsSync(list) ? readFileSync(list, 'utf8') : ''
  return new RegExp(`^${program}_(.*)_[a-z0-9]+\\.deb$`, 'm').exec(text)?.[1] ?? ''
}

function byVersion(a: string, b: string): number {
  const [numbersA, numbersB] = [a, b].map((text) => text.split(/\D+/).map(Number)) as [number[], number[]]
  for (let at = 0; at < Math.max(numbersA.length, numbersB.length); at++) {
    const difference = (numbersA[at] ?? 0) - (numbersB[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
