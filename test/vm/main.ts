/**
 * `npm run vm [-- --kernel WORD]... [--package NAME]... [--cache FOLDER] [--only WORDS]`: a Debian 12 in a virtual machine,
 * with the product as ops/install installs it, under its units: one line per check, exit code 1 when one fails. The image
 * is made once for each list of packages and kept in FOLDER. Neither /dev/kvm nor root of the machine's own is touched; it
 * takes half an hour, so CI does not do it. SELinux has a machine of its own.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process, { exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { type Check, SERVER } from './check.ts'
import { APPARMOR } from './checks/apparmor.ts'
import { installing } from './checks/install.ts'
import { LIFE } from './checks/life.ts'
import { LIMITS } from './checks/limits.ts'
import { SELINUX, SELINUX_WORDS } from './checks/selinux.ts'
import { TIME } from './checks/time.ts'
import { Machine } from './machine.ts'
import { serveMirror } from './mirror.ts'

const USAGE = 'usage: npm run vm [-- [--kernel WORD]... [--package NAME]... [--cache FOLDER] [--only PART-OF-A-NAME]]\n'
const VM = join(installationRoot(), 'ops', 'lib', 'vm')

function options() {
  try {
    return parseArgs({
      options: {
        kernel: { type: 'string', multiple: true, default: [] },
        package: { type: 'string', multiple: true, default: [] },
        cache: { type: 'string', default: join(homedir(), '.cache', 'abrt-retrace-vm') },
        only: { type: 'string', default: '' },
      },
    }).values
  } catch {
    stderr.write(USAGE)
    exit(2)
  }
}

/** One image for each way to make it. */
function imageIn(cache: string, packages: readonly string[]): string {
  const parts = [VM, `${VM}-agent`, `${VM}-agent.service`, join(installationRoot(), 'ops', 'packages')]
  const hash = createHash('sha256').update(packages.join(' '))
  for (const part of parts) hash.update(readFileSync(part))
  const folder = join(cache, hash.digest('hex').slice(0, 12))
  mkdirSync(cache, { recursive: true })
  if (spawnSync(VM, ['image', folder, ...packages], { stdio: 'inherit' }).status !== 0) exit(1)
  return folder
}

async function passes(check: Check, machine: Machine): Promise<boolean> {
  const start = performance.now()
  try {
    await check.run(machine)
    stdout.write(`ok   ${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${check.name}\n`)
    return true
  } catch (error) {
    stdout.write(`FAIL ${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${check.name}\n`)
    const log = await machine.run(`journalctl -q --no-pager -n 40 -u ${SERVER} -u abrt-reposync -u abrt-retrace-clean`)
      .catch(() => ({ text: '' }))
    stderr.write(`${error instanceof Error ? error.message : error}\nvm: the end of the journal:\n${log.text}\n`)
    return false
  }
}

const { kernel, package: packages, cache, only } = options()
const image = imageIn(cache, packages)
await using folder = await temporaryFolder()
const product = folder.file('product.tar')
execFileSync(VM, ['product', product], { stdio: 'inherit' })
mkdirSync(folder.file('mirror'))
await using mirror = await serveMirror(folder.file('mirror'), join(image, 'debs'))

/** Boots one, installs the product there, and tries what is asked for. Says how many checks failed. */
async function tries(checks: readonly Check[], words: readonly string[]): Promise<number> {
  const rest = checks.filter(({ name }) => name.includes(only))
  if (rest.length === 0) return 0
  const kernelWords = [...words, ...kernel]
  await using machine = await Machine.boot({ image, product, folder: folder.path, kernelWords })
  stderr.write(`vm: booted: ${await machine.get('uname -r; cat /proc/cmdline')}\n`)
  let failed = 0
  const all = [...installing(mirror.sources), ...rest]
  for (const check of all) if (!await passes(check, machine)) failed++
  stdout.write(`vm: ${all.length - failed} passed, ${failed} failed\n`)
  return failed
}

// One machine has one policy.
const plain = [...LIMITS, ...LIFE, ...TIME, ...APPARMOR]
if (![...plain, ...SELINUX].some(({ name }) => name.includes(only))) {
  stderr.write(`vm: no check has '${only}' in its name\n`)
  exit(2)
}
const failed = await tries(plain, []) + await tries(SELINUX, SELINUX_WORDS)
process.exitCode = failed === 0 ? 0 : 1
