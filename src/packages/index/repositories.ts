/**
 * The repositories and releases that the index knows: their rows, generations and health. Owns what a sync remembers
 * from one run to the next; the administrator's files say what it should be, this says what it is.
 */
import type { Database } from '../../database/database.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'

/** A repository row: one component and architecture of a suite. */
export interface RepositoryRow {
  id: number
  releaseId: number
  date: number | null
  packagesSha256: string | null
  contentsSha256: string | null
  synced: number | null
  packages: number
}

/** The row of a release id with architecture, made when it is new. */
export function releaseRow(database: Database, name: string): number {
  const client = database.$client
  client.prepare('INSERT INTO release (name) VALUES (?) ON CONFLICT DO NOTHING').run(name)
  return (client.prepare('SELECT id FROM release WHERE name = ?').get(name) as { id: number }).id
}

/** The row of a component and architecture, made when it is new, with what the configuration says now. */
export function repositoryRow(
  database: Database,
  spec: RepositorySpec,
  { releaseId, component, architecture }: { releaseId: number; component: string; architecture: string },
): RepositoryRow {
  const client = database.$client
  client.prepare(
    `INSERT INTO repository (release_id, format, uri, suite, component, architecture, fetch, superseded)
     VALUES (:releaseId, :format, :uri, :suite, :component, :architecture, :fetch, :superseded)
     ON CONFLICT DO UPDATE SET fetch = excluded.fetch, superseded = excluded.superseded
       WHERE fetch <> excluded.fetch OR superseded <> excluded.superseded`,
  ).run({
    releaseId,
    component,
    architecture,
    format: spec.format,
    uri: spec.uri,
    suite: spec.suite,
    fetch: spec.fetch,
    superseded: spec.superseded,
  })
  // What fed another release until now (`stable` after a release of Debian) feeds that one no more.
  client.prepare(
    `UPDATE repository SET fetch = 'none' WHERE uri = ? AND suite = ? AND component = ?
       AND architecture = ? AND release_id <> ? AND fetch <> 'none'`,
  ).run(spec.uri, spec.suite, component, architecture, releaseId)
  const row = findRepository(database, spec, { release: '', releaseId, component, architecture })
  if (row === undefined) throw new Error('A repository that was just noted is not in the database')
  return row
}

/**
 * Repositories that the administrator's files name no more: what they gave stays known, and can be fetched while it is
 * there, but that they are not synced and what they said last is no fault of their release.
 */
export function noteConfigured(database: Database, specs: RepositorySpec[]): void {
  const client = database.$client
  const rows = client.prepare("SELECT id, uri, suite, component, architecture FROM repository WHERE fetch <> 'none'")
    .all() as { id: number; uri: string; suite: string; component: string; architecture: string }[]
  const isNamed = ({ uri, suite, component, architecture }: (typeof rows)[number]) =>
    specs.some((spec) =>
      spec.uri === uri && spec.suite === suite && spec.architectures.includes(architecture) &&
      (component === '' ? spec.components.length === 0 : spec.components.includes(component))
    )
  const note = client.prepare("UPDATE repository SET fetch = 'none' WHERE id = ?")
  for (const row of rows) if (!isNamed(row)) note.run(row.id)
}

/** The row of a component and architecture, when there is one; by the release's name, or its id. */
export function findRepository(
  database: Database,
  { uri, suite }: Pick<RepositorySpec, 'uri' | 'suite'>,
  key: { release: string; releaseId?: number; component: string; architecture: string },
): RepositoryRow | undefined {
  return database.$client.prepare(
    `SELECT y.id, y.release_id AS releaseId, y.date, y.packages_sha256 AS packagesSha256,
       y.contents_sha256 AS contentsSha256, y.synced, y.packages
     FROM repository y JOIN release r ON r.id = y.release_id
     WHERE (r.id = :releaseId OR r.name = :release) AND y.uri = :uri AND y.suite = :suite AND y.component = :component
       AND y.architecture = :architecture`,
  ).get({ releaseId: null, ...key, uri, suite }) as RepositoryRow | undefined
}

/** The newest signed date that was ever accepted of a suite; undefined when there is none. */
export function newestDate(
  database: Database,
  { uri, suite }: Pick<RepositorySpec, 'uri' | 'suite'>,
): number | undefined {
  const row = database.$client.prepare('SELECT max(date) AS date FROM repository WHERE uri = ? AND suite = ?')
    .get(uri, suite) as { date: number | null }
  return row.date ?? undefined
}

/** A repository was looked at and had nothing new; `date` may be newer all the same. */
export function noteChecked(database: Database, id: number, { date, now }: { date: number; now: number }): void {
  database.$client.prepare('UPDATE repository SET checked = ?, synced = ?, date = ?, error = NULL WHERE id = ?')
    .run(now, now, date, id)
}

/** A suite, or a part of it, could not be synced: its rows remember why. */
export function noteError(
  database: Database,
  { uri, suite }: Pick<RepositorySpec, 'uri' | 'suite'>,
  { part, message, now }: { part?: { component: string; architecture: string }; message: string; now: number },
): void {
  database.$client.prepare(
    `UPDATE repository SET checked = :now, error = :message WHERE uri = :uri AND suite = :suite
       AND component = coalesce(:component, component) AND architecture = coalesce(:architecture, architecture)`,
  ).run({
    uri,
    suite,
    message,
    now,
    component: part?.component ?? null,
    architecture: part?.architecture ?? null,
  })
}

/** Ids with architecture of the releases that were synced at least once, in the order of their names. */
export function supportedReleases(database: Database): string[] {
  const rows = database.$client.prepare(
    `SELECT name FROM release WHERE EXISTS
       (SELECT 1 FROM repository r WHERE r.release_id = release.id AND r.synced IS NOT NULL) ORDER BY name`,
  ).all() as { name: string }[]
  return rows.map(({ name }) => name)
}
