/**
 * `.repo` files (dnf.conf(5)) with our keys `retrace_release`, `retrace_architectures`, `retrace_releasever`,
 * `retrace_vars`, `retrace_fetch`, `retrace_superseded` and `retrace_source_url`: one RepositorySpec per section, and per architecture where its addresses
 * name one. A contradiction is an error with file and line; an unknown key is a warning.
 */
import { type Architecture, architectureNamed, architectureRow } from '../../elf/architecture.ts'
import { UsageError } from '../../errors/usage_error.ts'
import type { Configured } from '../format/format.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import { faultOfSourceUrl } from '../format/source_url.ts'
import type { Trust } from '../format/trust.ts'
import { faultOfConfigured } from '../release/release_id.ts'
import { connectionOf } from './connection.ts'
import { usualVariables } from './defaults.ts'
import { type IniSection, parseIni } from './ini.ts'
import { Reader } from './reader.ts'
import { RpmSection } from './section.ts'
import { expandVariables, variablesIn, type VariableValues } from './variables.ts'

/** Keys of dnf, yum and zypper that change nothing here: about installing, about when to look, or about what people see. */
const WITHOUT_EFFECT = new Set(
  ('name priority cost skip_if_unavailable metadata_expire metadata_timer_sync type countme failovermethod best ' +
    'ui_repoid_vars module_hotfixes fastestmirror deltarpm deltarpm_percentage http_caching keepcache keepalive ' +
    'enablegroups enabled_metadata bandwidth throttle retries max_parallel_downloads ip_resolve minrate ' +
    'protected_packages user_agent mdpolicy mirrorlist_expire async includepkgs_versions proxy_auth_method ' +
    'sslverifystatus autorefresh gpgkey_dns_verification gpgcakey repo_gpgcakey keeppackages service ' +
    'report_instanceid fastestmirror_enabled').split(' '),
)
const KNOWN = new Set(
  ('baseurl mirrorlist metalink enabled gpgcheck pkg_gpgcheck repo_gpgcheck gpgkey proxy proxy_username ' +
    'proxy_password username password sslverify sslcacert sslclientcert sslclientkey excludepkgs exclude includepkgs ' +
    'timeout retrace_release retrace_architectures retrace_releasever retrace_vars retrace_fetch retrace_superseded retrace_source_url')
    .split(' '),
)

/** Reads a file's text. A section that cannot be read costs itself: it is one of the `faults`. */
export function readRepoFile(file: string, text: string): Configured {
  const found: Configured = { repositories: [], warnings: [], faults: [] }
  for (const section of parseIni(text)) {
    if (section.fault !== undefined) {
      found.faults.push(`${file}:${section.fault.line}: ${section.fault.message}`)
      continue
    }
    if (section.name === 'main') {
      found.warnings.push(`${file}:${section.line}: [main] has no effect: it is about dnf, not about a repository`)
      continue
    }
    const reader = new Reader(file, section)
    try {
      if (!reader.boolean('enabled', true)) continue
      found.warnings.push(...section.warnings.map(({ line, message }) => `${file}:${line}: ${message}`))
      found.warnings.push(...unknownKeys(file, section))
      found.repositories.push(...repositoriesOf(reader))
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      found.faults.push(error.message)
    }
  }
  return found
}

function unknownKeys(file: string, { options }: IniSection): string[] {
  // zypper writes `path=/` into every section.
  const isWithout = (key: string, value: string) => WITHOUT_EFFECT.has(key) || (key === 'path' && value === '/')
  return [...options].filter(([key, { value }]) => !KNOWN.has(key) && !isWithout(key, value))
    .map(([key, { line }]) => `${file}:${line}: the key ${key} is not known and has no effect`)
}

/** What a section's addresses are for one architecture. */
interface Addresses {
  baseUrls: string[]
  metalink: string | undefined
  mirrorlist: string | undefined
  keys: string[]
  /** Also for what stands in the lists that the addresses lead to, which can name the architecture. */
  variables: VariableValues
}

function repositoriesOf(reader: Reader): RepositorySpec[] {
  const release = releaseOf(reader)
  const architectures = architecturesOf(reader)
  const specs = new Map<string, RepositorySpec>()
  for (const [name, architecture] of architectures) {
    const addresses = addressesOf(reader, { name, architecture, release })
    const { variables, ...fixed } = addresses
    const hasList = addresses.metalink !== undefined || addresses.mirrorlist !== undefined
    const key = JSON.stringify(hasList ? { ...fixed, variables } : fixed)
    const other = specs.get(key)
    if (other === undefined) specs.set(key, specOf(reader, { addresses, release, architecture: name }))
    else other.architectures.push(name)
  }
  return [...specs.values()]
}

function specOf(
  reader: Reader,
  { addresses, release, architecture }: { addresses: Addresses; release: string; architecture: string },
): RepositorySpec {
  const { file, section } = reader
  const uri = addresses.baseUrls[0] ?? addresses.metalink ?? addresses.mirrorlist ?? ''
  const gpgcheck = reader.boolean('gpgcheck', true) && reader.boolean('pkg_gpgcheck', true)
  const repoGpgcheck = reader.boolean('repo_gpgcheck', false)
  if ((gpgcheck || repoGpgcheck) && addresses.keys.length === 0) {
    const check = gpgcheck ? 'gpgcheck' : 'repo_gpgcheck'
    reader.fail(check, `[${section.name}] has no gpgkey; name one, or set ${check}=0 where that is known and wanted`)
  }
  return {
    format: 'rpm',
    file,
    line: section.line,
    uri,
    addresses: [
      ...addresses.baseUrls,
      ...[addresses.metalink, addresses.mirrorlist].filter((each) => each !== undefined),
      ...addresses.keys,
    ],
    suite: section.name,
    components: [],
    architectures: [architecture],
    isPerArchitecture: addresses.metalink !== undefined || addresses.mirrorlist !== undefined,
    release,
    signedBy: trustOf(addresses.keys),
    connection: connectionOf(reader, uri),
    fetch: reader.choice('retrace_fetch', ['on-demand', 'full'] as const),
    superseded: reader.choice('retrace_superseded', ['keep', 'one-week'] as const),
    sourceUrl: sourceUrlOf(reader),
    checkValidUntil: true,
    byHash: 'no',
    remarks: [
      ...(gpgcheck ? [] : ['gpgcheck=0: signatures of its packages are not checked']),
      ...(repoGpgcheck ? [] : ['repo_gpgcheck=0: the signature of its index is not checked']),
    ],
    own: new RpmSection({
      baseUrls: addresses.baseUrls,
      metalink: addresses.metalink,
      mirrorlist: addresses.mirrorlist,
      variables: addresses.variables,
      gpgcheck,
      repoGpgcheck,
      excluded: [...reader.words('excludepkgs'), ...reader.words('exclude')],
      included: reader.words('includepkgs'),
    }),
  }
}

function trustOf(keys: string[]): Trust {
  const isFile = (key: string) => key.startsWith('file:')
  return {
    files: keys.filter(isFile).map((key) => decodeURIComponent(new URL(key).pathname)),
    inline: [],
    fingerprints: [],
    addresses: keys.filter((key) => !isFile(key)),
  }
}

function addressesOf(
  reader: Reader,
  as: { name: string; architecture: Architecture; release: string },
): Addresses {
  const releasever = reader.word('retrace_releasever')
  const others = {
    ...usualVariables(as.release, as),
    ...(releasever === undefined ? {} : { releasever }),
    ...ownVariables(reader),
  }
  const variables = { arch: as.name, architecture: as.architecture, others }
  const expanded = (key: string, texts = reader.words(key)) =>
    texts.map((text) => {
      const url = expandVariables(text, variables, (message) => reader.fail(key, message))
      return reader.address(key, url)
    })
  // dnf takes the whole value: CentOS Stream's have commas in it.
  const single = (key: string) => {
    const text = reader.text(key)
    if (text !== undefined && /\s/.test(text)) reader.fail(key, `${key} is one address`)
    return expanded(key, text === undefined ? [] : [text])[0]
  }
  const list = single('mirrorlist')
  // Many files have a metalink where the mirrorlist should be; dnf tells them apart so, too.
  const isMetalink = list !== undefined && list.includes('metalink')
  const addresses = {
    baseUrls: expanded('baseurl').map((url) => url.endsWith('/') ? url : `${url}/`),
    metalink: single('metalink') ?? (isMetalink ? list : undefined),
    mirrorlist: isMetalink ? undefined : list,
    keys: expanded('gpgkey'),
    variables,
  }
  if (addresses.baseUrls.length === 0 && addresses.metalink === undefined && addresses.mirrorlist === undefined) {
    reader.fail(undefined, `[${reader.section.name}] has no baseurl, metalink or mirrorlist`)
  }
  return addresses
}

/** `retrace_vars`: what dnf has in files below /etc/dnf/vars. */
function ownVariables(reader: Reader): Record<string, string> {
  const words = (reader.text('retrace_vars') ?? '').split(/\s+/).filter((word) => word !== '')
  return Object.fromEntries(words.map((word) => {
    const [, name, value] = /^([A-Za-z0-9_]+)=(.*)$/.exec(word) ?? []
    if (name !== undefined && value !== undefined) return [name, value]
    return reader.fail('retrace_vars', 'retrace_vars is NAME=VALUE, once or more often, separated by spaces')
  }))
}

function releaseOf(reader: Reader): string {
  const value = reader.word('retrace_release')
  if (value === undefined) {
    return reader.fail(
      undefined,
      `[${reader.section.name}] has no retrace_release: say which release it feeds, like fedora-40`,
    )
  }
  const fault = faultOfConfigured(value)
  if (fault !== undefined) reader.fail('retrace_release', `retrace_release ${fault}`)
  return value
}

function sourceUrlOf(reader: Reader): string | undefined {
  const value = reader.word('retrace_source_url')
  const fault = value === undefined ? undefined : faultOfSourceUrl(value)
  return fault === undefined ? value : reader.fail('retrace_source_url', `retrace_source_url ${fault}`)
}

/** As configured, else the one that an address names, else x86_64. */
function architecturesOf(reader: Reader): [name: string, architecture: Architecture][] {
  const names = reader.words('retrace_architectures')
  const addresses = ['baseurl', 'metalink', 'mirrorlist'].flatMap((key) => reader.words(key))
  const needing = ['baseurl', 'metalink', 'mirrorlist', 'gpgkey'].find((key) =>
    reader.words(key).some((text) => ['arch', 'basearch', 'DIST_ARCH'].some((name) => variablesIn(text).has(name)))
  )
  if (names.length === 0 && needing !== undefined) {
    reader.fail(needing, '$arch or $basearch occurs, so retrace_architectures is needed, like x86_64 aarch64')
  }
  const found = addresses.flatMap((text) => text.split(/[^a-z0-9_]+/)).find((word) => isRpmName(word))
  return [...new Set(names.length > 0 ? names : [found ?? 'x86_64'])].map((name) => {
    const architecture = architectureNamed(name)
    if (architecture === undefined || !isRpmName(name)) {
      return reader.fail('retrace_architectures', `${name} is none of rpm's names known here`)
    }
    return [name, architecture]
  })
}

function isRpmName(name: string): boolean {
  const architecture = architectureNamed(name)
  if (architecture === undefined) return false
  const { rpm, basearch } = architectureRow(architecture)
  return rpm.includes(name) || basearch === name
}
