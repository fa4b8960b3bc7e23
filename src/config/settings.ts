/**
 * Every setting: its name in the environment, what it may be, its default, its meaning in a line, and the programs that
 * read it. The one table: what a program is given, the environment that it hands on, `--help`, and the types of all of
 * these are made from it; man pages, sample file, README and docs/settings.md are tested against it.
 */
import {
  absolutePath,
  boolean,
  host,
  type Kind,
  logFormat,
  logLevel,
  pathOrNothing,
  printers,
  proxies,
  shownTo,
  urlOrNothing,
  whole,
} from './kinds.ts'

const SERVER = 'abrt-retrace-server'
const WORKER = 'abrt-retrace-worker'
const REPOSYNC = 'abrt-reposync'
const CLEAN = 'abrt-retrace-clean'

export const PROGRAMS = [SERVER, WORKER, REPOSYNC, CLEAN] as const
export type Program = (typeof PROGRAMS)[number]

export interface Setting {
  name: `RETRACE_${string}`
  kind: Kind
  /** As an administrator would write it; empty: not set. */
  default: string
  meaning: string
  readBy: readonly Program[]
}

const MAX_PORT = 65_535
const MAX_KB = 1_048_576
const MAX_MB = 1_048_576
const MAX_DISK_MB = 1_073_741_824
const WEEK_S = 604_800

/** By the name that the value has in the program. */
export const SETTINGS = {
  host: { name: 'RETRACE_HOST', kind: host, default: '::', meaning: 'address to listen on', readBy: [SERVER] },
  port: {
    name: 'RETRACE_PORT',
    kind: whole(0, MAX_PORT),
    default: '8443',
    meaning: 'port to listen on; 0: a free one, see the log',
    readBy: [SERVER],
  },
  tlsCert: {
    name: 'RETRACE_TLS_CERT',
    kind: pathOrNothing,
    default: '',
    meaning: 'PEM file with the certificate and its chain',
    readBy: [SERVER],
  },
  tlsKey: {
    name: 'RETRACE_TLS_KEY',
    kind: pathOrNothing,
    default: '',
    meaning: 'PEM file with the private key',
    readBy: [SERVER],
  },
  requireHttps: {
    name: 'RETRACE_REQUIRE_HTTPS',
    kind: boolean,
    default: '1',
    meaning: '0 allows plain HTTP',
    readBy: [SERVER],
  },
  trustProxy: {
    name: 'RETRACE_TRUST_PROXY',
    kind: proxies,
    default: '',
    meaning: 'addresses or CIDRs, comma-separated, whose X-Forwarded-Proto and -For count',
    readBy: [SERVER],
  },
  publicUrl: {
    name: 'RETRACE_PUBLIC_URL',
    kind: urlOrNothing,
    default: '',
    meaning: 'address by which clients reach the server, for the page that GET / gives',
    readBy: [SERVER],
  },
  spoolDir: {
    name: 'RETRACE_SPOOL_DIR',
    kind: absolutePath,
    default: '/var/spool/abrt-retrace',
    meaning: 'task directories',
    readBy: [SERVER, CLEAN],
  },
  repoDir: {
    name: 'RETRACE_REPO_DIR',
    kind: absolutePath,
    default: '/var/cache/abrt-repo',
    meaning: 'kept package files',
    readBy: [WORKER, REPOSYNC, CLEAN],
  },
  engineDir: {
    name: 'RETRACE_ENGINE_DIR',
    kind: absolutePath,
    default: '/var/lib/abrt-engines',
    meaning: 'debuggers made by ops/engine',
    readBy: [SERVER, WORKER],
  },
  reposD: {
    name: 'RETRACE_REPOS_D',
    kind: absolutePath,
    default: '/etc/abrt-retrace/repos.d',
    meaning: 'folder of .repo and .sources files; may be empty',
    readBy: [WORKER, REPOSYNC],
  },
  database: {
    name: 'RETRACE_DATABASE',
    kind: absolutePath,
    default: '/var/lib/abrt-retrace/retrace.db',
    meaning: 'SQLite database; made and migrated at start',
    readBy: [SERVER, WORKER, REPOSYNC, CLEAN],
  },
  maxRunningTasks: {
    name: 'RETRACE_MAX_RUNNING_TASKS',
    kind: whole(1, 10_000),
    default: '20',
    meaning: 'tasks that run at once, and half as many that go on with memory that came',
    readBy: [SERVER],
  },
  maxQueuedTasks: {
    name: 'RETRACE_MAX_QUEUED_TASKS',
    kind: whole(0, 100_000),
    default: '0',
    meaning: 'tasks that may wait beyond those',
    readBy: [SERVER],
  },
  maxPackedMb: {
    name: 'RETRACE_MAX_PACKED_MB',
    kind: whole(1, MAX_MB),
    default: '50',
    meaning: 'MiB of an upload',
    readBy: [SERVER],
  },
  maxUnpackedMb: {
    name: 'RETRACE_MAX_UNPACKED_MB',
    kind: whole(1, MAX_MB),
    default: '500',
    meaning: 'MiB that an upload may unpack to',
    readBy: [SERVER],
  },
  maxFileKb: {
    name: 'RETRACE_MAX_FILE_KB',
    kind: whole(1, MAX_KB),
    default: '100',
    meaning: 'KiB of every member but the core',
    readBy: [SERVER],
  },
  maxHeaderKb: {
    name: 'RETRACE_MAX_HEADER_KB',
    kind: whole(1, 1024),
    default: '10',
    meaning: 'KiB of request headers',
    readBy: [SERVER],
  },
  minFreeMb: {
    name: 'RETRACE_MIN_FREE_MB',
    kind: whole(0, MAX_DISK_MB),
    default: '20480',
    meaning: "MiB left free in the spool's file system",
    readBy: [SERVER, WORKER, REPOSYNC],
  },
  uploadIdleS: {
    name: 'RETRACE_UPLOAD_IDLE_S',
    kind: whole(1, 86_400),
    default: '60',
    meaning: 'seconds of silence that end an upload',
    readBy: [SERVER],
  },
  minUploadKbPerS: {
    name: 'RETRACE_MIN_UPLOAD_KB_PER_S',
    kind: whole(0, MAX_KB),
    default: '4',
    meaning: 'KiB a second that an upload must bring over each minute; 0: no limit',
    readBy: [SERVER],
  },
  maxUploadsPerClient: {
    name: 'RETRACE_MAX_UPLOADS_PER_CLIENT',
    kind: whole(1, 10_000),
    default: '10',
    meaning: 'uploads of one address (IPv6: of one /64) that arrive at once',
    readBy: [SERVER],
  },
  uploadLifeS: {
    name: 'RETRACE_UPLOAD_LIFE_S',
    kind: whole(1, WEEK_S),
    default: '3600',
    meaning: 'seconds that an upload in parts may take, and is kept for',
    readBy: [SERVER, CLEAN],
  },
  maxPartialUploads: {
    name: 'RETRACE_MAX_PARTIAL_UPLOADS',
    kind: whole(1, 100_000),
    default: '1000',
    meaning: 'uploads in parts that are not complete, of all addresses together',
    readBy: [SERVER],
  },
  roundWaitS: {
    name: 'RETRACE_ROUND_WAIT_S',
    kind: whole(0, 3600),
    default: '60',
    meaning: 'seconds that a task waits for memory that its slim core lacks; 0: it asks for none',
    readBy: [SERVER],
  },
  maxTasksPerClient: {
    name: 'RETRACE_MAX_TASKS_PER_CLIENT',
    kind: whole(1, 100_000),
    default: '10',
    meaning: 'tasks of one address (IPv6: of one /64) that run and wait at once',
    readBy: [SERVER],
  },
  maxStreamsPerTask: {
    name: 'RETRACE_MAX_STREAMS_PER_TASK',
    kind: whole(1, 10_000),
    default: '50',
    meaning: 'streams of /events of one task, and of one connection, at once',
    readBy: [SERVER],
  },
  maxConnectionsPerClient: {
    name: 'RETRACE_MAX_CONNECTIONS_PER_CLIENT',
    kind: whole(5, 100_000),
    default: '100',
    meaning: 'connections of one address (IPv6: of one /64)',
    readBy: [SERVER],
  },
  taskTimeoutS: {
    name: 'RETRACE_TASK_TIMEOUT_S',
    kind: whole(1, WEEK_S),
    default: '600',
    meaning: 'seconds for a task from start to end',
    readBy: [SERVER, WORKER],
  },
  taskMemoryMb: {
    name: 'RETRACE_TASK_MEMORY_MB',
    kind: whole(64, MAX_MB),
    default: '4096',
    meaning: 'MiB of resident memory of a task',
    readBy: [SERVER, WORKER],
  },
  printers: {
    name: 'RETRACE_PRINTERS',
    kind: printers,
    default: 'libstdc++,glib,qt',
    meaning: 'pretty printers that gdb may load out of verified packages, comma-separated',
    readBy: [WORKER],
  },
  maxBacktraceKb: {
    name: 'RETRACE_MAX_BACKTRACE_KB',
    kind: whole(16, MAX_KB),
    default: '16384',
    meaning: "KiB of a backtrace's text",
    readBy: [WORKER],
  },
  defaultEstTimeS: {
    name: 'RETRACE_DEFAULT_EST_TIME_S',
    kind: whole(1, WEEK_S),
    default: '180',
    meaning: 'seconds that a task is expected to take when nothing is known',
    readBy: [SERVER],
  },
  deleteAfterDays: {
    name: 'RETRACE_DELETE_AFTER_DAYS',
    kind: whole(0, 36_500),
    default: '5',
    meaning: 'days after which a task is deleted',
    readBy: [SERVER, CLEAN],
  },
  statisticsDays: {
    name: 'RETRACE_STATISTICS_DAYS',
    kind: whole(0, 36_500),
    default: '730',
    meaning: 'days after which counts of crashes are deleted',
    readBy: [CLEAN],
  },
  stats: {
    name: 'RETRACE_STATS',
    kind: shownTo,
    default: 'loopback',
    meaning: 'who sees /stats: off, loopback or public',
    readBy: [SERVER],
  },
  repoQuotaMb: {
    name: 'RETRACE_REPO_QUOTA_MB',
    kind: whole(0, MAX_DISK_MB),
    default: '0',
    meaning: 'MiB of kept package files; 0: no limit',
    readBy: [WORKER, REPOSYNC, CLEAN],
  },
  fetchKbPerS: {
    name: 'RETRACE_FETCH_KB_PER_S',
    kind: whole(0, MAX_DISK_MB),
    default: '0',
    meaning: 'KiB a second that abrt-reposync downloads at most; 0: no limit',
    readBy: [REPOSYNC],
  },
  mirrorsS: {
    name: 'RETRACE_MIRRORS_S',
    kind: whole(1, 86_400),
    default: '180',
    meaning: 'seconds after which no further mirror is asked for one file',
    readBy: [WORKER, REPOSYNC],
  },
  decompressDebug: {
    name: 'RETRACE_DECOMPRESS_DEBUG',
    kind: boolean,
    default: '0',
    meaning: '1 stores debug sections decompressed: faster, twice the size',
    readBy: [WORKER, REPOSYNC],
  },
  metricsPort: {
    name: 'RETRACE_METRICS_PORT',
    kind: whole(0, MAX_PORT),
    default: '0',
    meaning: 'port of the loopback listener for /metrics; 0: off',
    readBy: [SERVER],
  },
  logLevel: {
    name: 'RETRACE_LOG_LEVEL',
    kind: logLevel,
    default: 'info',
    meaning: 'debug, info, warning or error; for a category of the log another: info,http=warning',
    readBy: [SERVER, REPOSYNC, CLEAN],
  },
  logFormat: {
    name: 'RETRACE_LOG_FORMAT',
    kind: logFormat,
    default: 'text',
    meaning: 'text or json, to standard error',
    readBy: [SERVER, REPOSYNC, CLEAN],
  },
} as const satisfies Record<string, Setting>

export type SettingKey = keyof typeof SETTINGS

/** The rows that one of these programs reads, by their keys. */
export function settingsReadBy(...programs: readonly Program[]): [SettingKey, Setting][] {
  const rows = Object.entries(SETTINGS) as [SettingKey, Setting][]
  return rows.filter(([, { readBy }]) => readBy.some((program) => programs.includes(program)))
}
