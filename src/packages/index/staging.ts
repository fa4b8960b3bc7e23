/**
 * A generation of an index on its way into the database: collected in temporary tables (on disk, seen by nobody, no
 * lock held), then made visible in one transaction. A process that dies in between leaves the old generation.
 * Owns the bulk SQL of the index; refuses nothing: what comes here was checked by its format.
 */
import { Buffer } from 'node:buffer'
import type { Database } from '../../database/database.ts'
import type { IndexEntry } from '../format/index_entry.ts'

/** What a commit changed, for the log. */
export interface GenerationCounts {
  packages: number
  added: number
  vanished: number
  paths: number
}

export interface Generation {
  repositoryId: number
  releaseId: number
  date: number
  /** Undefined: this part was not read, since it is unchanged. */
  packagesSha256: string | undefined
  contentsSha256: string | undefined
  now: number
}

const TEMPORARY = `
  PRAGMA temp_store = FILE;
  PRAGMA temp.cache_size = -8000;
  CREATE TEMP TABLE staged_package (
    id INTEGER PRIMARY KEY, package_id INTEGER, name TEXT, version TEXT, architecture TEXT, source TEXT,
    source_version TEXT, is_debug INTEGER, size INTEGER, sha256 BLOB, path TEXT);
  CREATE TEMP TABLE staged_build_id (staged_id INTEGER, build_id BLOB);
  CREATE TEMP TABLE staged_named_build_id (name TEXT, role TEXT, sha256 BLOB, build_id BLOB);
  CREATE TEMP TABLE staged_path (path TEXT, name TEXT);
`
const DROP = ['staged_package', 'staged_build_id', 'staged_named_build_id', 'staged_path']
  .map((table) => `DROP TABLE IF EXISTS temp.${table};`).join('\n')

/** One at a time per connection. Dispose of it to forget what was not committed. */
export class Staging implements Disposable {
  readonly #client: Database['$client']
  readonly #add: ReturnType<typeof statements>
  #isDisposed = false

  constructor(database: Database) {
    this.#client = database.$client
    this.#client.exec(DROP + TEMPORARY)
    this.#add = statements(this.#client)
  }

  /** Takes a batch of entries. */
  add(entries: IndexEntry[]): void {
    this.#client.transaction(() => {
      for (const entry of entries) this.#addOne(entry)
    })()
  }

  #addOne(entry: IndexEntry): void {
    if (entry.kind === 'path') this.#add.path.run(entry.path, entry.name)
    else if (entry.kind === 'build-id') {
      const sha256 = entry.sha256 === undefined ? null : Buffer.from(entry.sha256, 'hex')
      this.#add.namedBuildId.run(entry.name, entry.role, sha256, Buffer.from(entry.buildId, 'hex'))
    } else {
      const { package: one } = entry
      const { lastInsertRowid } = this.#add.package.run(
        one.name,
        one.version,
        one.architecture,
        one.source,
        one.sourceVersion,
        one.isDebug ? 1 : 0,
        one.size,
        Buffer.from(one.sha256, 'hex'),
        one.path,
      )
      for (const id of one.buildIds) this.#add.buildId.run(lastInsertRowid, Buffer.from(id, 'hex'))
    }
  }

  /** Bytes that it takes on the disk until it is committed; the database grows by about as much. */
  get bytes(): number {
    const pragma = (name: string) => Number(this.#client.pragma(name, { simple: true }))
    return pragma('temp.page_count') * pragma('temp.page_size')
  }

  /** Makes the generation visible: all of it, or, when this throws, nothing. */
  commit(generation: Generation): GenerationCounts {
    // Most packages of a generation are known: they are found before the lock is taken.
    this.#client.prepare(LINK).run({ release: generation.releaseId })
    return this.#client.transaction(() => merge(this.#client, generation)).immediate()
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    if (this.#client.open) this.#client.exec(DROP)
  }
}

function statements(client: Database['$client']) {
  return {
    package: client.prepare(
      `INSERT INTO temp.staged_package
         (name, version, architecture, source, source_version, is_debug, size, sha256, path)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    buildId: client.prepare('INSERT INTO temp.staged_build_id VALUES (?, ?)'),
    namedBuildId: client.prepare('INSERT INTO temp.staged_named_build_id VALUES (?, ?, ?, ?)'),
    path: client.prepare('INSERT INTO temp.staged_path VALUES (?, ?)'),
  }
}

const LINK = `
  UPDATE temp.staged_package SET package_id = (
    SELECT p.id FROM main.package p
    WHERE p.name = staged_package.name AND p.version = staged_package.version AND p.release_id = :release
      AND p.architecture = staged_package.architecture AND p.sha256 = staged_package.sha256)
  WHERE package_id IS NULL`

/** Packages of a repository that its new generation has no more. */
const UNSTAGED = `SELECT package_id FROM main.package_location WHERE repository_id = :repository
  EXCEPT SELECT package_id FROM temp.staged_package`

function merge(client: Database['$client'], generation: Generation): GenerationCounts {
  const { repositoryId: repository, releaseId: release, now } = generation
  const run = (sql: string, values: Record<string, unknown> = {}) => client.prepare(sql).run(values).changes
  const counts: GenerationCounts = { packages: 0, added: 0, vanished: 0, paths: 0 }
  if (generation.packagesSha256 !== undefined) {
    counts.added = run(
      `INSERT INTO main.package
         (release_id, name, version, architecture, source, source_version, is_debug, size, sha256, added, repository_id)
       SELECT :release, name, version, architecture, source, source_version, is_debug, size, sha256, :now, :repository
       FROM temp.staged_package WHERE package_id IS NULL
       ON CONFLICT DO NOTHING`,
      { release, now, repository },
    )
    run(LINK, { release })
    run(
      `UPDATE main.package SET gone = NULL, repository_id = :repository
       WHERE (gone IS NOT NULL OR repository_id IS NOT :repository)
         AND id IN (SELECT package_id FROM temp.staged_package)`,
      { repository },
    )
    counts.vanished = run(
      `UPDATE main.package SET gone = :now WHERE gone IS NULL AND id IN (${UNSTAGED})
         AND NOT EXISTS (SELECT 1 FROM main.package_location l
           WHERE l.package_id = package.id AND l.repository_id <> :repository)`,
      { repository, now },
    )
    run(`DELETE FROM main.package_location WHERE repository_id = :repository AND package_id IN (${UNSTAGED})`, {
      repository,
    })
    run(
      `INSERT INTO main.package_location (package_id, repository_id, path)
       SELECT package_id, :repository, path FROM temp.staged_package WHERE true
       ON CONFLICT DO UPDATE SET path = excluded.path WHERE path <> excluded.path`,
      { repository },
    )
    run(
      `INSERT OR IGNORE INTO main.build_id (build_id, role, package_id)
       SELECT b.build_id, 'debug', s.package_id
       FROM temp.staged_build_id b JOIN temp.staged_package s ON s.id = b.staged_id`,
    )
  }
  if (generation.contentsSha256 !== undefined) {
    // CROSS JOIN keeps the order: SQLite knows nothing about temporary tables, and began with the packages (8 s).
    // A list of files names packages without their versions: where the version itself says what it holds, that counts.
    run(
      `INSERT OR IGNORE INTO main.build_id (build_id, role, package_id)
       SELECT b.build_id, b.role, p.id
       FROM temp.staged_named_build_id b
       CROSS JOIN main.package p ON p.name = b.name AND p.release_id = :release
         AND (b.sha256 IS NULL OR p.sha256 = b.sha256)
       CROSS JOIN main.package_location l ON l.package_id = p.id AND l.repository_id = :repository
       WHERE NOT EXISTS (SELECT 1 FROM main.build_id known WHERE known.package_id = p.id AND known.role = 'debug')`,
      { release, repository },
    )
    counts.paths = run(
      `INSERT OR IGNORE INTO main.package_path (path, release_id, name)
       SELECT path, :release, name FROM temp.staged_path`,
      { release },
    )
  }
  const { count } = client.prepare('SELECT count(*) AS count FROM main.package_location WHERE repository_id = ?')
    .get(repository) as { count: number }
  counts.packages = count
  run(
    `UPDATE main.repository SET date = :date, packages = :packages, checked = :now, synced = :now, error = NULL,
       packages_sha256 = coalesce(:packagesSha256, packages_sha256),
       contents_sha256 = coalesce(:contentsSha256, contents_sha256)
     WHERE id = :repository`,
    {
      repository,
      now,
      date: generation.date,
      packages: count,
      packagesSha256: generation.packagesSha256 ?? null,
      contentsSha256: generation.contentsSha256 ?? null,
    },
  )
  return counts
}
