/**
 * Cores for tests: the kernel-written ones of seven architectures (test/fixtures/cores/README.md), and crashes made on
 * the spot. Everything is made in folders that the caller gives and removes.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from '../../src/elf/architecture.ts'
import { installationRoot } from '../../src/program/program.ts'

export interface FixtureCore {
  architecture: Architecture
  /** The core, unpacked (17 MB). */
  core: string
  /** From eu-unstrip, the oracle. */
  buildIds: { buildId: string; name: string }[]
  /** Debian packages of the libraries, name_version_arch. */
  packages: string[]
  /** gdb's answer with all debuginfo. */
  expected: string
}

/** Unpacks the fixture core of an architecture into `folder`. */
export function fixtureCore(architecture: Architecture, folder: string): FixtureCore {
  const core = join(folder, `${architecture}.core`)
  writeFileSync(core, run('xz', ['-dc', fixturePath(architecture, 'core.xz')]).stdout)
  return {
    architecture,
    core,
    buildIds: fixtureLines(architecture, 'build-ids').map((line) => {
      const [buildId = '', name = ''] = line.split(' ')
      return { buildId, name }
    }),
    packages: fixtureLines(architecture, 'packages'),
    expected: readFileSync(fixturePath(architecture, 'expected.txt'), 'utf8'),
  }
}

/** Unpacks the fixture's program and libraries into `folder`, at the paths that the core names. */
export function fixtureFiles(architecture: Architecture, folder: string): void {
  run('tar', ['-xJf', fixturePath(architecture, 'files.tar.xz'), '-C', folder])
}

/** A file of the fixtures, e.g. ('amd64', 'core.xz'). */
export function fixturePath(architecture: Architecture, name: string): string {
  return join(installationRoot(), 'test', 'fixtures', 'cores', architecture, name)
}

/** Compiles C (or C++, when the name ends so) with debuginfo and returns the path of the program or library. */
export function compile(folder: string, name: string, source: string, options: string[] = []): string {
  const isPlusPlus = name.endsWith('.cc')
  const base = name.replace(/\.(c|cc)$/, '')
  const input = join(folder, isPlusPlus ? `${base}.cc` : `${base}.c`)
  writeFileSync(input, source)
  const output = join(folder, base)
  run(isPlusPlus ? 'g++' : 'gcc', ['-g', '-O1', '-o', output, input, ...options])
  return output
}

/**
 * Lets a command crash with `ulimit -c unlimited` and returns the path of its core, below `folder`. Where core_pattern
 * is a pipe or an absolute path the core cannot be had, so gdb runs the command and writes it (`generate-core-file`).
 */
export function crash(folder: string, command: string, args: string[] = [], options: CrashOptions = {}): string {
  const place = mkdtempSync(join(folder, 'crash-'))
  const core = join(place, 'core')
  if (options.by === 'gdb' || (options.by === undefined && !kernelWritesCoresHere())) {
    const commands = ['run', `generate-core-file ${core}`, 'kill'].flatMap((each) => ['-ex', each])
    spawnSync(
      'gdb',
      ['-nx', '-q', '-batch', ...commands, '--args', command, ...args],
      settings(place, options.environment),
    )
  } else {
    spawnSync('prlimit', ['--core=unlimited', command, ...args], settings(place, options.environment))
    const [written] = readdirSync(place).filter((name) => name.includes('core') && statSync(join(place, name)).isFile())
    if (written !== undefined && written !== 'core') renameSync(join(place, written), core)
  }
  if (!statSync(core, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`${command} left no core in ${place}; did it crash, and is core_pattern a name without a path?`)
  }
  return core
}

export interface CrashOptions {
  /** Who writes the core; by default the kernel, where it does. */
  by?: 'kernel' | 'gdb'
  environment?: Record<string, string>
}

/** The distribution's own Python, dereferencing NULL in ctypes. */
export function crashPython(folder: string): string {
  return crash(folder, '/usr/bin/python3.11', ['-c', 'import ctypes; ctypes.string_at(0)'])
}

/** Whether core_pattern makes the kernel write cores into the working directory. */
export function kernelWritesCoresHere(): boolean {
  return !/^[|/]|\//.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim())
}

/** Runs a program to its end (60 s at most) and returns its output; throws when it fails. */
export function run(
  program: string,
  args: string[],
  options: { cwd?: string } = {},
): { stdout: Uint8Array; text: string } {
  const result = spawnSync(program, args, { ...options, maxBuffer: 1 << 28, timeout: 60_000, killSignal: 'SIGKILL' })
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(' ')} failed (${result.status}): ${result.stderr}`, { cause: result.error })
  }
  return { stdout: result.stdout, text: result.stdout.toString() }
}

function settings(cwd: string, environment: Record<string, string> = {}) {
  mkdirSync(cwd, { recursive: true })
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...environment }
  return { cwd, env, stdio: 'ignore' as const, timeout: 60_000, killSignal: 'SIGKILL' as const }
}

function fixtureLines(architecture: Architecture, name: string): string[] {
  return readFileSync(fixturePath(architecture, name), 'utf8').split('\n').filter((line) => line !== '')
}
