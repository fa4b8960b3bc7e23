/** Real ELF files for the packages that tests make, by gcc and objcopy. */
import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A real shared library or program with its debuginfo split off, and its build-id. */
export interface MadeElf {
  /** Stripped. */
  binary: string
  debug: string
  unstripped: string
  buildId: string
  /** `/usr/lib/debug/.build-id/xx/yyyy.debug` */
  debugPath: string
}

/** Compiles C into `folder`; the text decides the build-id. */
export function makeElf(folder: string, name: string, options: { source?: string; shared?: boolean } = {}): MadeElf {
  const { source = `int ${name}_answer(int x) { return x + ${name.length}; }`, shared = true } = options
  const path = (ending: string) => join(folder, `${name}${ending}`)
  writeFileSync(path('.c'), source)
  const flags = shared ? ['-shared', '-fPIC', `-Wl,-soname,${name}.so.1`] : []
  const unstripped = path('.full')
  execFileSync('gcc', ['-g', '-O1', '-nostdlib', '-Wl,--build-id=sha1', ...flags, '-o', unstripped, path('.c')], {
    stdio: 'pipe',
  })
  execFileSync('objcopy', ['--only-keep-debug', unstripped, path('.debug')])
  execFileSync('objcopy', ['--strip-all', unstripped, path('.stripped')])
  const notes = execFileSync('readelf', ['-n', unstripped], { encoding: 'utf8' })
  const buildId = /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? ''
  const debugPath = `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  return { binary: path('.stripped'), debug: path('.debug'), unstripped, buildId, debugPath }
}

/** Bytes of a file. */
export function sizeOf(path: string): number {
  return statSync(path).size
}
