/**
 * Names of functions and modules as they are in every build of a program: without versions, parameters, and what compilers
 * and linkers add. Pure. What is shown to people stays as gdb gives it.
 */
import type { ReportFrame } from '../report/frames.ts'

/** Of a frame without a function. */
export const NAMELESS = '?'

/** `.constprop.0`, `.isra.0.cold`, `.lto_priv.1`, `@GLIBC_2.34`, `@plt`. */
const ADDED = /(\.(constprop|isra|part|cold|lto_priv|localalias|llvm|clone)(\.[0-9]+)*)+$|@.*$/
/** The legacy mangling of Rust ends a path so; demangled, it stays. */
const RUST_HASH = /::h[0-9a-f]{16}$/
/** Variants of functions of the C library by what a processor can do. */
const BY_PROCESSOR =
  /^__(\w+?)_(avx|avx2|avx512|evex|evex512|sse2|sse3|ssse3|sse4_?[12]|sse42|ia32|i[56]86|erms|generic|power\d+|z13|arch13|neon|asimd|vx|vfp|mops|sve|lse)(_.*)?$/
/** A name longer than this is cut before it is looked at: it came from a stranger's file. */
const MAX_NAME = 4_096

/** Of a function, e.g. `std::vector<int>::at` for `std::vector<int>::at(unsigned long) const`. */
export function plainFunction(name: string): string {
  const bare = withoutParameters(name.slice(0, MAX_NAME).replace(ADDED, '')).replace(RUST_HASH, '')
  return bare.replace(/^__GI_+/, '').replace(BY_PROCESSOR, '$1')
}

/** Whether it is a variant that the C library has by processor, `__memmove_avx_unaligned_erms`: no program's own is named so. */
export function isByProcessor(name: string): boolean {
  return BY_PROCESSOR.test(name.slice(0, MAX_NAME))
}

/** Of a module, by its path: `libc.so` for libc.so.6 and libc-2.31.so, `python3.11` for a program. */
export function plainModule(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.replace(/(-[0-9][0-9.]*)?\.so(\.[0-9].*)?$/, '.so')
}

/** Module and function of a frame, `libc.so!strlen`. */
export function plainName({ function: name, module, kind }: Pick<ReportFrame, 'function' | 'module' | 'kind'>): string {
  if (kind === 'signal-handler') return '<signal handler>'
  const place = module === undefined ? NAMELESS : plainModule(module.module.path)
  return `${place}!${name === undefined ? NAMELESS : plainFunction(name)}`
}

/** gdb shows the parameters where there is no debuginfo, and the type of a template's result. */
function withoutParameters(name: string): string {
  const end = name.trimEnd().replace(/( (const|volatile|&&?|\[clone [^\]]*\]))+$/, '')
  const bare = end.endsWith(')') && !/operator\(\)$/.test(end) ? end.slice(0, openingOf(end)).trimEnd() : end
  if (bare === '' || /operator /.test(bare)) return bare === '' ? end : bare
  return bare.slice(lastSpaceOutside(bare) + 1)
}

/** Where the last parenthesis begins. */
function openingOf(text: string): number {
  let depth = 0
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') depth++
    else if (text[at] === '(' && --depth === 0) return at
  }
  return text.length
}

/** The last space that is in no parentheses, angles or braces; -1: there is none. */
function lastSpaceOutside(text: string): number {
  let depth = 0
  let last = -1
  for (const [at, character] of [...text].entries()) {
    if (/[(<{]/.test(character)) depth++
    else if (/[)>}]/.test(character)) depth = Math.max(0, depth - 1)
    else if (character === ' ' && depth === 0) last = at
  }
  return last
}
