/**
 * `--init`: what a server needs for its first start. It asks nothing, changes nothing that is there, and can be run again;
 * packages call it when they are installed.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { geteuid } from 'node:process'
import { type ConfigOf, givenSettings, readConfig } from '../config/config.ts'
import { settingsIn } from '../config/settings_text.ts'
import { makePlaces } from './folders.ts'
import { areThere, hostsOf, makeCertificate } from './own_certificate.ts'
import { nextCommands } from './next.ts'
import { makeRepositories } from './repositories.ts'
import { type Owner, serviceUser } from '../process/service_user.ts'
import { withSettings } from './settings_file.ts'

const PROGRAMS = ['abrt-retrace-server', 'abrt-retrace-worker', 'abrt-reposync'] as const

type InitConfig = ConfigOf<(typeof PROGRAMS)[number]>

/**
 * Does all of it, with a line for each step. Settings are those of the environment, then of the file that it completes, then
 * the defaults. Throws UsageError for settings, Error for what cannot be made.
 */
export async function init(say: (line: string) => void): Promise<void> {
  const given = givenSettings()
  const { reposD } = readConfig(['abrt-reposync'], { RETRACE_REPOS_D: given['RETRACE_REPOS_D'] })
  const etc = dirname(reposD)
  const file = join(etc, 'abrt-retrace.env')
  const written = existsSync(file) ? givenSettings(settingsIn(readFileSync(file, 'utf8'))) : {}
  const config = readConfig(PROGRAMS, { ...written, ...given })
  const owner = serviceUser()
  for (const line of makePlaces(config, owner)) say(line)
  const tls = await certificate(config, { etc, owner, say })
  for (const line of makeRepositories(config.reposD, { owner })) say(line)
  say(writeSettings(file, { ...given, ...tls }, owner))
  for (const name of Object.keys(given)) {
    if (written[name] === undefined || written[name] === given[name]) continue
    say(`${name} is ${given[name]} here and ${written[name]} in ${file}, which stays as it is`)
  }
  const cert = tls.RETRACE_TLS_CERT ?? config.tlsCert
  say(`Next:\n${nextCommands({ ...config, file, cert, isSupervised: existsSync('/run/systemd/system') })}`)
}

/** The settings that name the certificate that was made; none where one was set, or is not needed. */
async function certificate(
  config: InitConfig,
  { etc, owner, say }: { etc: string; owner: Owner | undefined; say: (line: string) => void },
): Promise<Record<string, string>> {
  const isSet = config.tlsCert !== undefined || config.tlsKey !== undefined
  if (!isSet && (config.trustProxy.parts.length > 0 || !config.requireHttps)) {
    say('no certificate is needed: RETRACE_TRUST_PROXY or RETRACE_REQUIRE_HTTPS says so')
    return {}
  }
  const cert = config.tlsCert ?? join(etc, 'server.crt')
  const key = config.tlsKey ?? join(etc, 'server.key')
  if (areThere({ cert, key })) {
    say(`${cert} is there`)
  } else {
    await makeCertificate({ cert, key }, { owner, hosts: hostsOf(config) })
    say(`made ${cert} and ${key}, self-signed: clients must be given the first`)
  }
  return { RETRACE_TLS_CERT: cert, RETRACE_TLS_KEY: key }
}

function writeSettings(file: string, settings: Record<string, string>, owner: Owner | undefined): string {
  const isThere = existsSync(file)
  const before = isThere ? readFileSync(file, 'utf8') : ''
  const after = withSettings(before, settings)
  if (isThere && after === before) {
    return giveToGroup(file, owner)
      ? `${file} has these settings; the group of the service may read it now`
      : `${file} has these settings`
  }
  // Whoever made it a link wants the settings where it leads.
  const place = isThere ? realpathSync(file) : file
  const mode = isThere ? statSync(place).mode & 0o777 : 0o640
  writeFileSync(`${place}.new`, after, { mode: 0o600 })
  chmodSync(`${place}.new`, mode)
  if (isThere && geteuid?.() === 0) chownSync(`${place}.new`, statSync(place).uid, statSync(place).gid)
  renameSync(`${place}.new`, place)
  giveToGroup(place, owner)
  return `${isThere ? 'completed' : 'made'} ${file}`
}

/** The service's programs read the file themselves under cron. True when something was changed. */
function giveToGroup(file: string, owner: Owner | undefined): boolean {
  const { uid, gid, mode } = statSync(file)
  if (owner === undefined || gid === owner.gid || (mode & 0o004) !== 0) return false
  chownSync(file, uid, owner.gid)
  return true
}
