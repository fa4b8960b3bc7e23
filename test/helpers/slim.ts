/** Slim cores beside their full ones, and what a debugger says of both. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { fileSource } from '../../src/elf/source.ts'
import { type Slim, slimCore, type SlimOptions } from '../../src/slim/slim.ts'

/** Writes the slim core of a core to `output`. */
export function slimTo(core: string, output: string, options: Partial<SlimOptions> = {}): Slim {
  using source = fileSource(core)
  const slim = slimCore(source, { keepsArguments: true, maker: 'test 1', ...options })
  writeFileSync(output, [...slim.bytes()].reduce((all, each) => concat(all, each), new Uint8Array()))
  return slim
}

/** All bytes of a slim core. */
export function slimBytes(slim: Slim): Uint8Array {
  return [...slim.bytes()].reduce(concat, new Uint8Array())
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

export interface Compared {
  lines: number
  equal: number
  /** Lines whose slim form says that memory is not there. */
  unavailable: number
  /** Whatever else differs: full, slim. */
  wrong: [string, string][]
}

/** gdb's own `bt full` of all threads, registers and modules of a core; the other ones against it, line by line. */
export async function compare(
  full: string,
  slim: string[],
  { program, root, commands }: { program: string; root: string; commands?: string[] },
): Promise<Compared[]> {
  const all = [full, ...slim].map((core) => answer(core, program, root, commands))
  const [before = [], ...after] = await Promise.all(all)
  return after.map((lines) => compareLines(before, lines))
}

function compareLines(before: string[], after: string[]): Compared {
  const lost = (line: string) => /Cannot access memory|unavailable/.test(line)
  const compared: Compared = { lines: before.length, equal: 0, unavailable: 0, wrong: [] }
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const [one = '', other = ''] = [before[at], after[at]]
    if (one === other) compared.equal++
    else if (lost(other)) compared.unavailable++
    else compared.wrong.push([one, other])
  }
  return compared
}

const COMMANDS = ['thread apply all -ascending bt full 200', 'info registers', 'info sharedlibrary', 'info auxv']

async function answer(core: string, program: string, root: string, commands = COMMANDS): Promise<string[]> {
  const { stdout } = await promisify(execFile)('gdb-multiarch', [
    ...['-nx', '-q', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off'],
    ...commands.filter((each) => each.startsWith('set ')).flatMap((each) => ['-iex', each]),
    ...['-iex', `set sysroot ${root}`, '-ex', `core-file ${core}`],
    ...commands.filter((each) => !each.startsWith('set ')).flatMap((each) => ['-ex', each]),
    program,
  ], { timeout: 60_000, killSignal: 'SIGKILL', env: { LC_ALL: 'C.UTF-8', PATH: '/usr/bin:/bin' }, maxBuffer: 1 << 26 })
  return stdout.split('\n').filter((line) => !line.startsWith('[New LWP'))
}
