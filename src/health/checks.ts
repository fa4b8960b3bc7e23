/**
 * `--check`: one line for each thing that a working server needs, and what to do where it is wrong. Looks at
 * everything, whatever it finds; changes nothing.
 */
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type ConfigOf, readConfig } from '../config/config.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { readCertificate } from '../tls/certificate.ts'
import { ProgramError } from '../process/error.ts'
import type { OutsideProgram } from '../process/programs.ts'
import { tryWall, versionOf } from '../process/trial.ts'
import { MIB } from '../units/bytes.ts'
import { DAY_MS } from '../units/time.ts'

type Config = ConfigOf<'abrt-retrace-server'>

/** `warn` is worth a look and does not make the check fail. */
export interface Finding {
  what: string
  verdict: 'ok' | 'warn' | 'FAIL'
  text: string
}

const EXPIRES_SOON_DAYS = 14
const STALE_SYNC_DAYS = 2

/** Runs all checks and says a line for each; true when none failed. */
export async function runChecks(say: (line: string) => void): Promise<boolean> {
  let failed = false
  for await (const { what, verdict, text } of findings()) {
    failed ||= verdict === 'FAIL'
    say(`${verdict.padEnd(4)} ${what.padEnd(13)} ${text}`)
  }
  return !failed
}

async function* findings(): AsyncGenerator<Finding> {
  let config: Config
  try {
    config = readConfig(['abrt-retrace-server', 'abrt-retrace-worker'])
  } catch (error) {
    yield { what: 'configuration', verdict: 'FAIL', text: messageOf(error) }
    return
  }
  yield { what: 'configuration', verdict: 'ok', text: 'all settings can be read' }
  yield checkCertificate(config, Date.now())
  yield await checkSandbox()
  yield await checkProgram('gdb', 'gdb-multiarch', 'install gdb-multiarch', ['-nx'])
  yield await checkQemu()
  yield checkEngines(config)
  for (const program of ['setpriv', 'prlimit'] as const) {
    yield await checkProgram(program, program, 'install util-linux')
  }
  yield await checkProgram('xz', 'xz', 'install xz-utils')
  yield await checkProgram('zstd', 'zstd', 'install zstd')
  yield await checkProgram('gpgv', 'gpgv', 'install gpgv')
  yield checkSpool(config)
  yield checkSpace(config)
  yield checkSync(config, Date.now())
}

function checkCertificate(config: Config, now: number): Finding {
  const what = 'certificate'
  try {
    const certificate = readCertificate(config)
    if (certificate === undefined) return checkNoCertificate(config)
    const days = Math.floor((certificate.expires.getTime() - now) / DAY_MS)
    const date = certificate.expires.toISOString().slice(0, 10)
    if (days < 0) return { what, verdict: 'FAIL', text: `it expired on ${date}: renew it, then send the server SIGHUP` }
    const text = `it is valid until ${date}`
    return days < EXPIRES_SOON_DAYS
      ? { what, verdict: 'warn', text: `${text}, ${days} days from now: renew it, then send the server SIGHUP` }
      : { what, verdict: 'ok', text }
  } catch (error) {
    return { what, verdict: 'FAIL', text: messageOf(error) }
  }
}

function checkNoCertificate(config: Config): Finding {
  const what = 'certificate'
  if (config.trustProxy.parts.length > 0) return { what, verdict: 'ok', text: 'none: a trusted proxy does TLS' }
  if (!config.requireHttps) {
    return { what, verdict: 'warn', text: 'none, and RETRACE_REQUIRE_HTTPS is 0: cores are sent in the clear' }
  }
  return {
    what,
    verdict: 'FAIL',
    text:
      'none: set RETRACE_TLS_CERT and RETRACE_TLS_KEY to PEM files, or RETRACE_TRUST_PROXY to the proxy that does TLS',
  }
}

async function checkSandbox(): Promise<Finding> {
  const what = 'sandbox'
  try {
    await tryWall()
    return { what, verdict: 'ok', text: 'bubblewrap works' }
  } catch (error) {
    const advice = 'install bubblewrap 0.8 or newer and util-linux, and allow user namespaces ' +
      '(sysctl kernel.unprivileged_userns_clone=1)'
    return { what, verdict: 'FAIL', text: `${reasonOf(error)}: ${advice}` }
  }
}

async function checkProgram(
  what: string,
  program: OutsideProgram,
  advice: string,
  before: string[] = [],
): Promise<Finding> {
  try {
    const version = await versionOf(program, ...before)
    return { what, verdict: 'ok', text: version.slice(0, 100) || `${program} works` }
  } catch (error) {
    const isMissing = error instanceof ProgramError && error.kind === 'not-started'
    const reason = isMissing ? `${program} is not installed` : `${program} does not work: ${reasonOf(error)}`
    return { what, verdict: 'FAIL', text: `${reason}: ${advice}` }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof ProgramError && error.complaint !== '' ? error.complaint.slice(0, 200) : messageOf(error)
}

/** Only the fallback for cores that gdb-multiarch does not read needs it. */
async function checkQemu(): Promise<Finding> {
  const found = await checkProgram('qemu', 'qemu-s390x-static', 'install qemu-user-static')
  return found.verdict === 'ok' ? found : { ...found, verdict: 'warn' }
}

/** Further debuggers are worth having, and nobody has to. */
function checkEngines({ engineDir }: Config): Finding {
  const what = 'engines'
  const built = existsSync(engineDir) ? readdirSync(engineDir).filter((name) => /^[a-z]+-[a-z0-9]+$/.test(name)) : []
  if (built.length > 0) return { what, verdict: 'ok', text: `${built.join(', ')} in RETRACE_ENGINE_DIR` }
  return { what, verdict: 'ok', text: 'none but gdb-multiarch; ops/engine trixie builds a newer one' }
}

function checkSpool({ spoolDir }: Config): Finding {
  const what = 'spool'
  if (!existsSync(spoolDir)) return { what, verdict: 'ok', text: `${spoolDir} will be made at start` }
  const { mode } = statSync(spoolDir)
  if ((mode & 0o022) !== 0) {
    return { what, verdict: 'FAIL', text: `${spoolDir} can be written to by others: run chmod 0700 on it` }
  }
  return { what, verdict: 'ok', text: `${spoolDir} is ours alone` }
}

function checkSpace({ spoolDir, minFreeMb }: Config): Finding {
  const what = 'space'
  const { bavail, bsize } = statfsSync(nearestExisting(spoolDir))
  const freeMb = Math.floor(bavail * bsize / MIB)
  const text = `${freeMb} MiB free for ${spoolDir}, RETRACE_MIN_FREE_MB is ${minFreeMb}`
  if (freeMb >= minFreeMb) return { what, verdict: 'ok', text }
  return { what, verdict: 'FAIL', text: `${text}: every upload is refused with 507; make room, or lower the setting` }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}

function checkSync(config: Config, now: number): Finding {
  const what = 'last sync'
  const advice = 'run abrt-reposync, and let a timer run it every 6 hours'
  if (!existsSync(config.database)) return { what, verdict: 'warn', text: `there is no database yet: ${advice}` }
  let database: Database | undefined
  try {
    database = openDatabase(config.database)
    const row = database.$client
      .prepare('SELECT MAX(synced) AS synced, COUNT(error) AS errors, COUNT(*) AS all_of_them FROM repository')
      .get() as { synced: number | null; errors: number; all_of_them: number }
    if (row.synced === null) return { what, verdict: 'warn', text: `no repository was synced yet: ${advice}` }
    const date = new Date(row.synced * 1000).toISOString()
    const failing = row.errors > 0 ? `, and ${row.errors} of ${row.all_of_them} repositories failed last time` : ''
    const stale = now - row.synced * 1000 > STALE_SYNC_DAYS * DAY_MS
    return { what, verdict: stale || failing ? 'warn' : 'ok', text: `${date}${failing}${stale ? `: ${advice}` : ''}` }
  } catch (error) {
    return { what, verdict: 'FAIL', text: `the database cannot be read: ${messageOf(error)}` }
  } finally {
    database?.$client.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
