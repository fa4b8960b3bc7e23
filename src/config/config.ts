/**
 * Every RETRACE_* setting, its type, default and meaning: the only reader of the environment.
 * Man page, sample file and README are tested against `SETTINGS`.
 */
import { env } from 'node:process'
import * as z from 'zod'
import { UsageError } from '../errors/usage_error.ts'

const MAX_PORT = 65_535

/** A whole number between two bounds, written in decimal digits only. */
function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.string().regex(/^[0-9]{1,15}$/, 'must be a whole number').transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}`)
}

const boolean = z.string().toLowerCase()
  .refine((word) => /^(1|0|true|false|yes|no|on|off)$/.test(word), 'must be one of 1, 0, true, false, yes, no, on, off')
  .transform((word) => /^(1|true|yes|on)$/.test(word))

const absolutePath = z.string().regex(/^\//, 'must be an absolute path')

const LEVEL = '(debug|info|warning|error)'
const LOG_LEVELS = new RegExp(`^${LEVEL}(,[a-z_]+=${LEVEL})*$`)

interface Setting {
  schema: z.ZodType<unknown, string>
  /** The default as an administrator would write it; undefined: not set. */
  default: string | undefined
  meaning: string
}

/** One row per setting: how it reads, its default, and its meaning in a line (settings.md). */
export const SETTINGS = {
  RETRACE_HOST: { schema: z.string().min(1), default: '::', meaning: 'address to listen on' },
  RETRACE_PORT: {
    schema: whole(0, MAX_PORT),
    default: '8443',
    meaning: 'port to listen on; 0: a free one, see the log',
  },
  RETRACE_TLS_CERT: {
    schema: absolutePath,
    default: undefined,
    meaning: 'PEM file with the certificate and its chain',
  },
  RETRACE_TLS_KEY: { schema: absolutePath, default: undefined, meaning: 'PEM file with the private key' },
  RETRACE_REQUIRE_HTTPS: { schema: boolean, default: '1', meaning: '0 allows plain HTTP' },
  RETRACE_TRUST_PROXY: {
    schema: z.string(),
    default: undefined,
    meaning: 'addresses or CIDRs, comma-separated, whose X-Forwarded-Proto and -For count',
  },
  RETRACE_SPOOL_DIR: { schema: absolutePath, default: '/var/spool/abrt-retrace', meaning: 'task directories' },
  RETRACE_REPO_DIR: { schema: absolutePath, default: '/var/cache/abrt-repo', meaning: 'kept package files' },
  RETRACE_ENGINE_DIR: {
    schema: absolutePath,
    default: '/var/lib/abrt-engines',
    meaning: 'debuggers made by ops/engine',
  },
  RETRACE_REPOS_D: {
    schema: absolutePath,
    default: '/etc/abrt-retrace/repos.d',
    meaning: 'folder of .repo and .sources files; may be empty',
  },
  RETRACE_DATABASE: {
    schema: absolutePath,
    default: '/var/lib/abrt-retrace/retrace.db',
    meaning: 'SQLite database; made and migrated at start',
  },
  RETRACE_MAX_RUNNING_TASKS: { schema: whole(1, 10_000), default: '20', meaning: 'tasks that run at once' },
  RETRACE_MAX_QUEUED_TASKS: { schema: whole(0, 100_000), default: '0', meaning: 'tasks that may wait beyond those' },
  RETRACE_MAX_PACKED_MB: { schema: whole(1, 1_048_576), default: '50', meaning: 'MiB of an upload' },
  RETRACE_MAX_UNPACKED_MB: { schema: whole(1, 1_048_576), default: '500', meaning: 'MiB that an upload may unpack to' },
  RETRACE_MAX_FILE_KB: { schema: whole(1, 1_048_576), default: '100', meaning: 'KiB of every member but the core' },
  RETRACE_MAX_HEADER_KB: { schema: whole(1, 1024), default: '10', meaning: 'KiB of request headers' },
  RETRACE_MIN_FREE_MB: {
    schema: whole(0, 1_073_741_824),
    default: '20480',
    meaning: "MiB left free in the spool's file system",
  },
  RETRACE_UPLOAD_IDLE_S: { schema: whole(1, 86_400), default: '60', meaning: 'seconds of silence that end an upload' },
  RETRACE_TASK_TIMEOUT_S: {
    schema: whole(1, 604_800),
    default: '600',
    meaning: 'seconds for a task from start to end',
  },
  RETRACE_TASK_MEMORY_MB: {
    schema: whole(64, 1_048_576),
    default: '4096',
    meaning: 'MiB of resident memory of a task',
  },
  RETRACE_MAX_BACKTRACE_KB: { schema: whole(16, 1_048_576), default: '16384', meaning: "KiB of a backtrace's text" },
  RETRACE_DEFAULT_EST_TIME_S: {
    schema: whole(1, 604_800),
    default: '180',
    meaning: 'seconds that a task is expected to take when nothing is known',
  },
  RETRACE_DELETE_AFTER_DAYS: { schema: whole(0, 36_500), default: '5', meaning: 'days after which a task is deleted' },
  RETRACE_REPO_QUOTA_MB: {
    schema: whole(0, 1_073_741_824),
    default: '0',
    meaning: 'MiB of kept package files; 0: no limit',
  },
  RETRACE_FETCH_KB_PER_S: {
    schema: whole(0, 1_073_741_824),
    default: '0',
    meaning: 'KiB a second that abrt-reposync downloads at most; 0: no limit',
  },
  RETRACE_DECOMPRESS_DEBUG: {
    schema: boolean,
    default: '0',
    meaning: '1 stores debug sections decompressed: faster, twice the size',
  },
  RETRACE_METRICS_PORT: {
    schema: whole(0, MAX_PORT),
    default: '0',
    meaning: 'port of the loopback listener for /metrics; 0: off',
  },
  RETRACE_LOG_LEVEL: {
    schema: z.string().regex(LOG_LEVELS, 'must be debug, info, warning or error, then perhaps ,CATEGORY=LEVEL'),
    default: 'info',
    meaning: 'debug, info, warning or error; for a category of the log another: info,http=warning',
  },
  RETRACE_LOG_FORMAT: { schema: z.enum(['text', 'json']), default: 'text', meaning: 'text or json, to standard error' },
} satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS

/** All settings, read and checked, in the units that their names say. */
export interface Config {
  host: string
  port: number
  tlsCert: string | undefined
  tlsKey: string | undefined
  requireHttps: boolean
  /** Addresses or CIDRs, unparsed; empty: no proxy is trusted. */
  trustProxy: string[]
  spoolDir: string
  repoDir: string
  engineDir: string
  reposD: string
  database: string
  maxRunningTasks: number
  maxQueuedTasks: number
  maxPackedMb: number
  maxUnpackedMb: number
  maxFileKb: number
  maxHeaderKb: number
  minFreeMb: number
  uploadIdleS: number
  taskTimeoutS: number
  taskMemoryMb: number
  maxBacktraceKb: number
  defaultEstTimeS: number
  deleteAfterDays: number
  repoQuotaMb: number
  fetchKbPerS: number
  decompressDebug: boolean
  metricsPort: number
  /** `LEVEL[,CATEGORY=LEVEL]...`, checked. */
  logLevel: string
  logFormat: 'text' | 'json'
  proxyEnvironment: ProxyEnvironment
}

/** The usual variables about proxies, as they are; what they mean for an address is decided where one is fetched. */
export interface ProxyEnvironment {
  http: string | undefined
  https: string | undefined
  no: string | undefined
}

type Values = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> | undefined }

/**
 * Reads the settings from an environment; an empty value counts as not set.
 * Throws UsageError naming the setting, for a value that makes no sense.
 */
export function readConfig(from: Record<string, string | undefined> = env): Config {
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting][]) {
    const text = from[name] === undefined || from[name] === '' ? setting.default : from[name]
    if (text === undefined) continue
    const result = setting.schema.safeParse(text)
    if (!result.success) {
      throw new UsageError(`${name} is ${JSON.stringify(text)}, which ${result.error.issues[0]?.message}`)
    }
    values[name] = result.data
  }
  return toConfig(values as Values, proxyEnvironment(from))
}

/** In lower case, as curl(1), wget(1) and apt read them; HTTP_PROXY is not read: a CGI's client could set it. */
function proxyEnvironment(from: Record<string, string | undefined>): ProxyEnvironment {
  const all = from.all_proxy || from.ALL_PROXY || undefined
  return {
    http: from.http_proxy || all,
    https: from.https_proxy || from.HTTPS_PROXY || all,
    no: from.no_proxy || from.NO_PROXY || undefined,
  }
}

function toConfig(values: Values, proxyEnvironment: ProxyEnvironment): Config {
  const config: Record<string, unknown> = { tlsCert: undefined, tlsKey: undefined, proxyEnvironment }
  for (const [name, value] of Object.entries(values)) config[camelCase(name)] = value
  config.trustProxy = (values.RETRACE_TRUST_PROXY ?? '').split(',').map((part) => part.trim()).filter((part) => part)
  return config as unknown as Config
}

function camelCase(name: string): string {
  return name.slice('RETRACE_'.length).toLowerCase().replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

/** RETRACE_ names in an environment that are no settings: most likely misspelt ones, worth a warning at start. */
export function unknownSettings(from: Record<string, string | undefined> = env): string[] {
  return Object.keys(from).filter((name) => name.startsWith('RETRACE_') && !(name in SETTINGS))
}

/** The table of settings as `--help` shows it. */
export function settingsHelp(): string {
  const rows = (Object.entries(SETTINGS) as [string, Setting][])
    .map(([name, setting]) => `  ${name.padEnd(28)} ${(setting.default ?? '-').padEnd(34)} ${setting.meaning}`)
  return ['Settings (environment variables), defaults, meaning:', ...rows].join('\n')
}

/** What a supervisor such as systemd says to the processes that it starts; undefined: it says nothing of the kind. */
export interface SupervisorEnvironment {
  /** Where it wants to be told (sd_notify(3)), and within how many microseconds it wants a sign of life. */
  notifySocket: string | undefined
  watchdogUsec: string | undefined
  /** For which process it opened how many sockets (sd_listen_fds(3)). */
  listenPid: string | undefined
  listenFds: string | undefined
  /** `DEVICE:INODE` of the stream that goes to the journal (systemd.exec(5)). */
  journalStream: string | undefined
}

export function readSupervisor(from: Record<string, string | undefined> = env): SupervisorEnvironment {
  return {
    notifySocket: from.NOTIFY_SOCKET || undefined,
    watchdogUsec: from.WATCHDOG_USEC || undefined,
    listenPid: from.LISTEN_PID || undefined,
    listenFds: from.LISTEN_FDS || undefined,
    journalStream: from.JOURNAL_STREAM || undefined,
  }
}
