/**
 * Which members of a package are kept, and under which names: a pure decision from a member's name, type and first
 * bytes. Kept are ELF programs, libraries and debuginfo, and gdb's own scripts of verified packages. A package with
 * names that lead out of it, or with devices, is refused: no package of a distribution has them.
 */
import { FetchError } from '../format/error.ts'

const MAX_PATH = 4000
/** Bytes of a file that the decision needs: the ELF header up to e_type. */
export const HEAD_BYTES = 20
const ET_REL = 1
const ET_EXEC = 2
const ET_DYN = 3

/** `usr/bin/x` of `./usr/bin/x`; empty for the root. Throws FetchError 'malformed'. */
export function memberPath(name: string): string {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (name.startsWith('/') || segments.includes('..') || name.includes('\0') || name.length > MAX_PATH) {
    throw new FetchError('malformed', 'The package holds a name that leads out of it: refused')
  }
  return segments.join('/')
}

/** Whether a file with these first bytes is ELF of a kind that a process or gdb loads. */
export function isKeptElf(path: string, head: Uint8Array): boolean {
  if (head.length < HEAD_BYTES) return false
  if (head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return false
  const [low, high] = head[5] === 2 ? [head[17], head[16]] : [head[16], head[17]]
  const type = (low ?? 0) + (high ?? 0) * 256
  return type === ET_EXEC || type === ET_DYN || (type === ET_REL && path.startsWith('usr/lib/debug/'))
}

/** gdb's scripts: `*-gdb.py` (py-bt), and the pretty printers of libstdc++, GLib and Qt. */
export function isGdbScript(path: string): boolean {
  return /-gdb\.(py|gdb|scm)$/.test(path) ||
    /^usr\/share\/(gdb|gcc\/python|gcc-[^/]+\/python|glib-2\.0\/gdb|kdevgdb\/printers)\/.*\.py$/.test(path)
}

/**
 * Where a link of a package leads, inside the package: absolute targets start at its root, links on the way are
 * followed, `..` stops at the root. Undefined in a circle, and where it does not end at one of `files`.
 */
export function linkTarget(link: string, links: Map<string, string>, files: ReadonlySet<string>): string | undefined {
  let resolved: string[] = []
  let pending = link.split('/')
  for (let hops = 0; pending.length > 0;) {
    const [segment = '', ...rest] = pending
    pending = rest
    if (segment === '' || segment === '.') continue
    if (segment === '..') {
      resolved.pop()
      continue
    }
    const target = links.get([...resolved, segment].join('/'))
    if (target === undefined) {
      resolved.push(segment)
      continue
    }
    if (++hops > 40) return undefined
    if (target.startsWith('/')) resolved = []
    pending = [...target.split('/'), ...pending]
  }
  const path = resolved.join('/')
  return files.has(path) ? path : undefined
}
