/**
 * Everything that outlives a task (docs/architecture.md, rule 1): how long packages take, which task ids were given,
 * and the index of packages and build-ids. Migrations are generated from this file: `npm run generate`.
 */
import { sql } from 'drizzle-orm'
import { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * How long a package's backtraces took, in seconds (docs/design.txt, chapter 2.1); `id` keeps the order of insertion.
 */
export const packageTime = sqliteTable('package_time', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  package: text('package'),
  release: text('release'),
  time: real('time'),
}, (table) => [index('package_release').on(table.package, table.release)])

/** What tasks took of memory, in MiB: how many may run at once. `core_mb` is what the core takes on disk. */
export const taskMemory = sqliteTable('task_memory', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  package: text('package'),
  release: text('release'),
  coreMb: integer('core_mb').notNull(),
  peakMb: integer('peak_mb').notNull(),
})

/**
 * How many tasks ended so in an hour: what statistics are made of, and whether a crash is known. It outlives the tasks, and
 * names none. Texts are empty where nothing is known.
 */
export const crashCount = sqliteTable('crash_count', {
  /** Of our own signature (docs/http.md, 'What a backtrace says of its crash'). */
  signature: text('signature').notNull(),
  /** Unix seconds of its beginning. */
  hour: integer('hour').notNull(),
  /** Id with architecture. */
  release: text('release').notNull(),
  /** Name without version. */
  package: text('package').notNull(),
  /** Code of the outcome. */
  outcome: text('outcome').notNull(),
  /** ABRT's. */
  duphash: text('duphash').notNull(),
  count: integer('count').notNull(),
}, (table) => [
  primaryKey({
    columns: [table.signature, table.hour, table.release, table.package, table.outcome, table.duphash],
  }),
  index('crash_count_hour').on(table.hour),
])

/** What happened, in one line without values, for a signature that `crash_count` has. */
export const crashSentence = sqliteTable('crash_sentence', {
  signature: text('signature').primaryKey(),
  sentence: text('sentence').notNull(),
})

/** How long steps of tasks took, by the hour in which these ended: how many took a time of this bucket (a logarithm). */
export const stepTime = sqliteTable('step_time', {
  /** Unix seconds of its beginning. */
  hour: integer('hour').notNull(),
  /** Or `total`. */
  step: text('step').notNull(),
  bucket: integer('bucket').notNull(),
  count: integer('count').notNull(),
}, (table) => [primaryKey({ columns: [table.hour, table.step, table.bucket] })])

/** How many packages tasks used that were here, and that had to be fetched, by the hour. */
export const supplyCount = sqliteTable('supply_count', {
  hour: integer('hour').primaryKey(),
  here: integer('here').notNull(),
  fetched: integer('fetched').notNull(),
})

/** Which files tasks lacked, by the hour: what to mirror next. Texts are empty where nothing is known. */
export const missingFile = sqliteTable('missing_file', {
  hour: integer('hour').notNull(),
  /** Id with architecture. */
  release: text('release').notNull(),
  /** Hexadecimal. */
  buildId: text('build_id').notNull(),
  /** Name without folders. */
  file: text('file').notNull(),
  /** With its version, where one is known that has or should have it. */
  package: text('package').notNull(),
  /** `missing`, `no-debuginfo` or `mismatch`. */
  status: text('status').notNull(),
  count: integer('count').notNull(),
}, (table) => [primaryKey({ columns: [table.hour, table.release, table.buildId, table.file, table.package] })])

/** Tasks of the spool that `crash_count` has, so that each counts once, whenever the server is killed. */
export const countedTask = sqliteTable('counted_task', {
  id: integer('id').primaryKey(),
})

/** Hands out task ids, each once for ever: AUTOINCREMENT never gives an id again. */
export const taskId = sqliteTable('task_id', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  created: integer('created').notNull().default(sql`(unixepoch())`),
})

/** A release that is indexed here, e.g. `debian-12-amd64`: id with the distribution's own name of the architecture. */
export const release = sqliteTable('release', {
  id: integer('id').primaryKey(),
  name: text('name').notNull().unique(),
})

/**
 * One index of packages of a repository (a suite's component for an architecture), its generation and its health.
 * Several feed one release. Times are Unix seconds; `date` is the signed one, which never goes back.
 */
export const repository = sqliteTable('repository', {
  id: integer('id').primaryKey(),
  releaseId: integer('release_id').notNull().references(() => release.id),
  format: text('format').notNull(),
  uri: text('uri').notNull(),
  suite: text('suite').notNull(),
  component: text('component').notNull(),
  architecture: text('architecture').notNull(),
  /**
   * `on-demand` or `full`, or `none` when the administrator's files name it no more; `keep` or `one-week`
   * (X-Retrace-Fetch, X-Retrace-Superseded).
   */
  fetch: text('fetch', { enum: ['on-demand', 'full', 'none'] }).notNull(),
  superseded: text('superseded', { enum: ['keep', 'one-week'] }).notNull(),
  /** Template of an address where its sources can be read (X-Retrace-Source-URL). */
  sourceUrl: text('source_url'),
  /** Date of the signed generation that is visible, and what identifies the indices that were read for it. */
  date: integer('date'),
  packagesKey: text('packages_sha256'),
  contentsKey: text('contents_sha256'),
  packages: integer('packages').notNull().default(0),
  checked: integer('checked'),
  synced: integer('synced'),
  error: text('error'),
}, (table) => [
  uniqueIndex('repository_key').on(table.uri, table.suite, table.component, table.architecture, table.releaseId),
])

/**
 * A package that an index names or named, whether or not its files are here. The content is part of its identity:
 * one that was built again without a new version is another package.
 */
export const packages = sqliteTable('package', {
  id: integer('id').primaryKey(),
  releaseId: integer('release_id').notNull().references(() => release.id),
  name: text('name').notNull(),
  version: text('version').notNull(),
  architecture: text('architecture').notNull(),
  source: text('source').notNull(),
  sourceVersion: text('source_version').notNull(),
  /** It holds debuginfo and nothing that is loaded. */
  isDebug: integer('is_debug', { mode: 'boolean' }).notNull(),
  size: integer('size').notNull(),
  /** Its SHA256; where no index has one, the SHA384 or SHA512. Their lengths tell them apart. */
  identity: blob('identity', { mode: 'buffer' }).notNull(),
  added: integer('added').notNull(),
  /** When it vanished from every index; null while one has it. */
  gone: integer('gone'),
  /** The repository that had it last: what the administrator says of superseded versions there goes for it. */
  repositoryId: integer('repository_id').references(() => repository.id, { onDelete: 'set null' }),
  /** Since when a newer version of it stands upstream in its release; null while none does. */
  superseded: integer('superseded'),
  /**
   * Folder under RETRACE_REPO_DIR/RELEASE that holds its files, when it does; since when; the bytes that it costs,
   * without those that another package holds too and that are counted there; last use.
   */
  folder: text('folder'),
  kept: integer('kept'),
  keptBytes: integer('kept_bytes'),
  used: integer('used'),
}, (table) => [
  uniqueIndex('package_key').on(table.name, table.version, table.releaseId, table.architecture, table.identity),
  index('package_source').on(table.source, table.sourceVersion, table.releaseId),
  index('package_kept').on(table.used, table.keptBytes).where(sql`kept IS NOT NULL`),
])

/** Where a package can be downloaded: a repository that has it, and its path below the repository's address. */
export const packageLocation = sqliteTable('package_location', {
  packageId: integer('package_id').notNull().references(() => packages.id, { onDelete: 'cascade' }),
  repositoryId: integer('repository_id').notNull().references(() => repository.id, { onDelete: 'cascade' }),
  path: text('path').notNull(),
  /** What the repository says beside its SHA256: compared, too. */
  sha512: blob('sha512', { mode: 'buffer' }),
}, (table) => [
  primaryKey({ columns: [table.packageId, table.repositoryId] }),
  index('location_repository').on(table.repositoryId),
])

/** Which names of packages ever had a path (usrmerged, with its leading slash) in a release; versions decide later. */
export const packagePath = sqliteTable('package_path', {
  path: text('path').notNull(),
  releaseId: integer('release_id').notNull().references(() => release.id),
  name: text('name').notNull(),
}, (table) => [primaryKey({ columns: [table.path, table.releaseId, table.name] })])

/** A file that is kept: its path in the package, and what its ELF header and notes say. */
export const packageFile = sqliteTable('package_file', {
  packageId: integer('package_id').notNull().references(() => packages.id, { onDelete: 'cascade' }),
  /** As in the package, with its leading slash, not usrmerged. */
  path: text('path').notNull(),
  /** `index`: what a debugger made of a debug file, beside what the package has (src/packages/keep/debug_index.ts). */
  role: text('role', { enum: ['code', 'debug', 'dwz', 'script', 'link', 'index'] }).notNull(),
  size: integer('size').notNull(),
  buildId: blob('build_id', { mode: 'buffer' }),
  /** It has DWARF of its own (a file of role `code` may, too). */
  hasDebug: integer('has_debug', { mode: 'boolean' }).notNull(),
  /** Build-id of the dwz file that its .gnu_debugaltlink names. */
  altBuildId: blob('alt_build_id', { mode: 'buffer' }),
  /** Of a link: the path in the package that it leads to. */
  target: text('target'),
  /** Of what lies on the disk; null for links, and for what was kept before contents were noted. */
  sha256: blob('sha256', { mode: 'buffer' }),
  /** It is a hard link to a content that is counted with another file, of this or of another package. */
  isShared: integer('is_shared', { mode: 'boolean' }).notNull().default(false),
}, (table) => [
  primaryKey({ columns: [table.packageId, table.path] }),
  index('package_file_content').on(table.sha256).where(sql`sha256 IS NOT NULL`),
])

/** Which packages hold a build-id, and as what; from an index or from the files that are kept. */
export const buildId = sqliteTable('build_id', {
  buildId: blob('build_id', { mode: 'buffer' }).notNull(),
  /** `code`, `debug` or `dwz`. */
  role: text('role').notNull(),
  packageId: integer('package_id').notNull().references(() => packages.id, { onDelete: 'cascade' }),
}, (table) => [
  primaryKey({ columns: [table.buildId, table.role, table.packageId] }),
  index('build_id_package').on(table.packageId),
])

/** Who is at work on something that only one process may do at a time: `sync`, `package:ID`. Ends with the process. */
export const lease = sqliteTable('lease', {
  subject: text('subject').primaryKey(),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  /**
   * Start time of the process in clock ticks since boot (proc(5), stat field 22): a pid is used again, both are not.
   */
  started: text('started').notNull(),
  until: integer('until').notNull(),
})

/**
 * Which process needs the files of which package: it is not evicted. Ends with the process, elsewhere with the time.
 */
export const packageUse = sqliteTable('package_use', {
  packageId: integer('package_id').notNull().references(() => packages.id, { onDelete: 'cascade' }),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  /** As in `lease`. */
  started: text('started').notNull(),
  until: integer('until').notNull(),
}, (table) => [primaryKey({ columns: [table.packageId, table.host, table.pid, table.started] })])

/** What failed and is not tried again before `until`: `package:ID`, `host:NAME`. */
export const fetchFailure = sqliteTable('fetch_failure', {
  subject: text('subject').primaryKey(),
  kind: text('kind', { enum: ['not-found', 'refused', 'timeout', 'malformed', 'unreachable', 'no-space', 'machine'] })
    .notNull(),
  message: text('message').notNull(),
  until: integer('until').notNull(),
})
