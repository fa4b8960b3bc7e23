/**
 * `--init`: what a server needs for its first start. It asks nothing, changes nothing that is there, and can be run again;
 * packages call it when they are installed. Whatever it was killed at, or found no room for, the next run ends well and leaves nothing
 * of it: what it makes is whole when it has its name (drafts.ts).
 */
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { geteuid } from 'node:process'
import { readNamed, whyUnread } from '../files/named.ts'
import { type ConfigOf, givenSettings, readConfig } from '../config/config.ts'
import { contradictions } from '../config/contradictions.ts'
import { readUnlike, settingsIn } from '../config/settings_text.ts'
import { finalPath } from '../files/final_path.ts'
import { alone } from './alone.ts'
import { discard, draftFile, settle } from './drafts.ts'
import { makePlaces } from './folders.ts'
import { areThere, completePair, hostsOf, makeCertificate } from './own_certificate.ts'
import { nextCommands } from './next.ts'
import { makeRepositories } from './repositories.ts'
import { type Owner, serviceUser } from '../process/service_user.ts'
import { assertHeld, withSettings } from './settings_file.ts'

const PROGRAMS = ['abrt-retrace-server', 'abrt-retrace-worker', 'abrt-reposync'] as const

type Settings = Record<string, string>

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
  // Settings that make no sense are said before anything is made.
  assertHeld(given)
  const config = settingsOf(file, given)
  for (const what of existsSync(file) ? readUnlike(textOf(file)) : []) say(`But ${file} ${what}`)
  for (const sentence of contradictions(config, totalmem())) say(`But ${sentence}`)
  const owner = serviceUser()
  for (const line of await makePlaces(config, owner)) say(line)
  const tls = await certificate(config, { etc, owner, say })
  for (const line of await repositories(config.reposD, owner)) say(line)
  for (const line of await writeSettings(file, { given, tls, owner })) say(line)
  const cert = tls.RETRACE_TLS_CERT ?? config.tlsCert
  say(`Next:\n${nextCommands({ ...config, file, cert, isSupervised: existsSync('/run/systemd/system') })}`)
}

/** Those that are in force. */
function settingsOf(file: string, given: Settings): InitConfig {
  return readConfig(PROGRAMS, { ...writtenIn(file), ...given })
}

function writtenIn(file: string): Settings {
  return existsSync(file) ? givenSettings(settingsIn(textOf(file))) : {}
}

function textOf(file: string): string {
  try {
    return readNamed(file)
  } catch (cause) {
    const why = `${file} cannot be read (${whyUnread(cause) ?? cause})`
    throw new Error(`${why}: begin as root, or move away what is in its place`, { cause })
  }
}

/** The settings that name the certificate that was made; none where one was set, or is not needed. */
async function certificate(
  config: InitConfig,
  { etc, owner, say }: { etc: string; owner: Owner | undefined; say: (line: string) => void },
): Promise<Settings> {
  const own = { cert: join(etc, 'server.crt'), key: join(etc, 'server.key') }
  const isSet = config.tlsCert !== undefined || config.tlsKey !== undefined
  if (!isSet && (config.trustProxy.parts.length > 0 || !config.requireHttps)) {
    using _alone = await alone([etc])
    completePair(own)
    say('no certificate is needed: RETRACE_TRUST_PROXY or RETRACE_REQUIRE_HTTPS says so')
    return {}
  }
  const [cert, key] = [config.tlsCert ?? own.cert, config.tlsKey ?? own.key]
  // Whoever made one a link wants the file where it leads.
  const files = { cert: finalPath(cert), key: finalPath(key) }
  using _alone = await alone([dirname(files.cert), dirname(files.key)])
  if (completePair(files)) {
    say(`made ${cert}, of ${key}, which a run that did not end had made`)
  } else if (areThere({ cert, key })) {
    say(`${cert} is there`)
  } else {
    await makeCertificate(files, { owner, hosts: hostsOf(config) })
    say(`made ${cert} and ${key}, self-signed: clients must be given the first`)
  }
  return { RETRACE_TLS_CERT: cert, RETRACE_TLS_KEY: key }
}

async function repositories(reposD: string, owner: Owner | undefined): Promise<string[]> {
  using _alone = await alone([reposD])
  return makeRepositories(reposD, { owner })
}

/** Lines on what was made of it, and on what another one of its own stays in force. */
async function writeSettings(
  file: string,
  { given, tls, owner }: { given: Settings; tls: Settings; owner: Owner | undefined },
): Promise<string[]> {
  // Whoever made it a link wants the settings where it leads.
  const place = finalPath(file)
  using _alone = await alone([dirname(place)])
  const written = writtenIn(file)
  const others = Object.keys(given).filter((name) => written[name] !== undefined && written[name] !== given[name])
  return [
    completed(file, place, { settings: { ...given, ...tls }, owner }),
    ...others.map((name) => `${name} is ${given[name]} here and ${written[name]} in ${file}, which stays as it is`),
  ]
}

function completed(
  file: string,
  place: string,
  { settings, owner }: { settings: Settings; owner: Owner | undefined },
): string {
  discard(place)
  const found = statSync(place, { throwIfNoEntry: false })
  const before = found === undefined ? '' : readFileSync(place, 'utf8')
  const after = withSettings(before, settings)
  if (found !== undefined && after === before) {
    return giveToGroup(place, owner)
      ? `${file} has these settings; the group of the service may read it now`
      : `${file} has these settings`
  }
  const mode = found === undefined ? 0o640 : found.mode & 0o777
  const whose = geteuid?.() === 0
    ? { uid: found?.uid ?? 0, gid: owner !== undefined && (mode & 0o004) === 0 ? owner.gid : found?.gid ?? 0 }
    : undefined
  draftFile(place, after, { mode, owner: whose })
  settle(place)
  return `${found === undefined ? 'made' : 'completed'} ${file}`
}

/** The service's programs read the file themselves under cron. True when something was changed. */
function giveToGroup(file: string, owner: Owner | undefined): boolean {
  const { uid, gid, mode } = statSync(file)
  if (owner === undefined || gid === owner.gid || (mode & 0o004) !== 0) return false
  chownSync(file, uid, owner.gid)
  return true
}
