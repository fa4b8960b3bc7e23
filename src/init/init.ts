/**
 * `--init`: what a server needs for its first start. It asks nothing, changes nothing that is there, and can be run again;
 * packages call it when they are installed.
 */
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ConfigOf, givenSettings, readConfig } from '../config/config.ts'
import { makePlaces } from './folders.ts'
import { areThere, makeCertificate } from './own_certificate.ts'
import { makeRepositories } from './repositories.ts'
import { type Owner, serviceUser } from './service_user.ts'
import { withSettings } from './settings_file.ts'

const PROGRAMS = ['abrt-retrace-server', 'abrt-retrace-worker', 'abrt-reposync'] as const

type InitConfig = ConfigOf<(typeof PROGRAMS)[number]>

/** Does all of it, with a line for each step. Throws UsageError for settings, Error for what cannot be made. */
export async function init(say: (line: string) => void): Promise<void> {
  const config = readConfig(PROGRAMS)
  const owner = serviceUser()
  const etc = dirname(config.reposD)
  for (const line of makePlaces(config, owner)) say(line)
  const tls = await certificate(config, { etc, owner, say })
  for (const line of makeRepositories(config.reposD)) say(line)
  const file = join(etc, 'abrt-retrace.env')
  say(writeSettings(file, { ...givenSettings(), ...tls }, owner))
  const cert = tls.RETRACE_TLS_CERT ?? config.tlsCert
  say(`Next:\n${nextCommands({ file, cert, port: config.port, isSupervised: existsSync('/run/systemd/system') })}`)
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
    await makeCertificate({ cert, key }, owner)
    say(`made ${cert} and ${key}, self-signed: clients must be given the first`)
  }
  return { RETRACE_TLS_CERT: cert, RETRACE_TLS_KEY: key }
}

function writeSettings(file: string, settings: Record<string, string>, owner: Owner | undefined): string {
  const isThere = existsSync(file)
  const before = isThere ? readFileSync(file, 'utf8') : ''
  const after = withSettings(before, settings)
  if (isThere && after === before) return `${file} has these settings`
  writeFileSync(`${file}.new`, after, { mode: 0o640 })
  chmodSync(`${file}.new`, 0o640)
  if (owner !== undefined) chownSync(`${file}.new`, 0, owner.gid)
  renameSync(`${file}.new`, file)
  return `${isThere ? 'completed' : 'made'} ${file}`
}

/** Three commands, as they can be pasted. */
export function nextCommands(
  { file, cert, port, isSupervised }: { file: string; cert: string | undefined; port: number; isSupervised: boolean },
): string {
  const ca = cert === undefined ? '' : `--cacert ${cert} `
  if (isSupervised) {
    return `  systemctl start abrt-reposync.service
  systemctl enable --now abrt-retrace-server.service abrt-reposync.timer abrt-retrace-clean.timer
  curl ${ca}https://localhost:${port}/`
  }
  return `  set -a; . ${file}; set +a
  abrt-reposync
  abrt-retrace-server`
}
