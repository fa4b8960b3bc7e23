/**
 * What a systemd unit forbids to its service, laid on a command where there is no systemd: the user without
 * capabilities, the filter of system calls, and the options that keep a service from kernel tunables and the host name.
 * Needs root. What else a unit says is not laid on.
 */
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The last value of each key of a unit file. */
export function unitSettings(file: string): Map<string, string> {
  return new Map(
    [...readFileSync(file, 'utf8').matchAll(/^([A-Z][A-Za-z]+)=(.*)$/gm)].map((
      [, key = '', value = ''],
    ) => [key, value]),
  )
}

/** Runs a command to its end, 60 s at most: its exit code, and what it said. */
export function runAsService(unit: Map<string, string>, command: readonly string[]): SpawnSyncReturns<string> {
  const isOn = (key: string) => unit.get(key) === 'yes'
  const readOnly = isOn('ProtectKernelTunables') ? ['/proc/sys', '/sys'] : []
  const mounts = readOnly.map((path) => `mount --bind ${path} ${path} && mount -o remount,ro,bind ${path} && `).join('')
  const calls = callsOf(['@default', ...(unit.get('SystemCallFilter') ?? '').split(' ')])
  if (isOn('ProtectHostname')) { for (const call of ['sethostname', 'setdomainname']) calls.delete(call) }
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
  const none = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all']
  // bubblewrap is here for its way to load a filter only: it hides nothing, and takes no capability away.
  const script = `${mounts}exec 9<&0 bwrap --dev-bind / / --cap-add ALL --seccomp 9 -- "$@" </dev/null`
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', 'setpriv', ...user, ...none, '--', ...command], {
    input: filterOf(calls),
    encoding: 'utf8',
    timeout: 60_000,
  })
}

/** The names of system calls that a filter's words mean, groups opened. */
function callsOf(words: readonly string[]): Set<string> {
  const calls = new Set<string>()
  for (const word of words) {
    if (!word.startsWith('@')) calls.add(word)
    else {
      const group = execFileSync('systemd-analyze', ['syscall-filter', word], { encoding: 'utf8' }).split('\n').slice(1)
      for (const call of callsOf(group.map((line) => line.trim()).filter((line) => /^[@a-z]/.test(line)))) {
        calls.add(call)
      }
    }
  }
  return calls
}

/** A BPF program (linux/filter.h) that allows these calls and refuses all others with EPERM. */
function filterOf(calls: Iterable<string>): Uint8Array {
  const defines = execFileSync('gcc', ['-E', '-dM', '-'], { input: '#include <asm/unistd.h>\n', encoding: 'utf8' })
  const numbers = new Map(
    [...defines.matchAll(/#define __NR_(\w+) (\d+)/g)].map(([, name = '', n]) => [name, Number(n)]),
  )
  const known = [...calls].map((call) => numbers.get(call)).filter((number) => number !== undefined)
  const allow = (number: number) => [[0x15, 0, 1, number], [0x06, 0, 0, 0x7fff0000]]
  const program = [[0x20, 0, 0, 0], ...known.flatMap(allow), [0x06, 0, 0, 0x00050001]]
  const view = new DataView(new ArrayBuffer(program.length * 8))
  for (const [index, [code = 0, ifTrue = 0, ifFalse = 0, operand = 0]] of program.entries()) {
    view.setUint16(index * 8, code, true)
    view.setUint8(index * 8 + 2, ifTrue)
    view.setUint8(index * 8 + 3, ifFalse)
    view.setUint32(index * 8 + 4, operand, true)
  }
  return new Uint8Array(view.buffer)
}
