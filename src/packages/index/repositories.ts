/**
 * The repositories and releases that the index knows: their rows, generations and health. Owns what a sync remembers
 * from one run to the next; the administrator's files say what it should be, this says what it is.
 */
import type { Database } from '../../database.ts'
import type { RepositorySpec } from '../format.ts'

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
  return client.prepare(
    `SELECT id, release_id AS releaseId, date, packages_sha256 AS packagesSha256, contents_sha256 AS contentsSha256,
       synced, packages
     FROM repository
     WHERE release_id = :releaseId AND uri = :uri AND suite = :suite AND component = :component
       AND architecture = :architecture`,
  ).get({ releaseId, uri: spec.uri, suite: spec.suite, component, architecture }) as RepositoryRow
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

/** A suite could not be synced: every row of it remembers why. */
export function noteError(
  database: Database,
  { uri, suite }: Pick<RepositorySpec, 'uri' | 'suite'>,
  { message, now }: { message: string; now: number },
): void {
  database.$client.prepare('UPDATE repository SET checked = ?, error = ? WHERE uri = ? AND suite = ?')
    .run(now, message, uri, suite)
}

/** Ids with architecture of the releases that were synced at least once, in the order of their names. */
export function supportedReleases(database: Database): string[] {
  const rows = database.$client.prepare(
    `SELECT name FROM release WHERE EXISTS
       (SELECT 1 FROM repository r WHERE r.release_id = release.id AND r.synced IS NOT NULL) ORDER BY name`,
  ).all() as { name: string }[]
  return rows.map(({ name }) => name)
}
