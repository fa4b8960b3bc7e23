/**
 * The table `repository`: what a sync remembers of each component and architecture of a suite from one run to the next,
 * its generation and its health. The administrator's files say what a repository should be; this table says what it is.
 */
import { and, asc, desc, eq, gt, inArray, isNotNull, lte, max, ne, sql } from 'drizzle-orm'
import { release, repository } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { excluded, fixedLimit, prepared } from '../../database/prepared.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'

/** A repository row: one component and architecture of a suite. */
export interface RepositoryRow {
  id: number
  releaseId: number
  date: number | null
  packagesKey: string | null
  contentsKey: string | null
  synced: number | null
  packages: number
}

/** What a generation that became visible says of its repository; what is undefined was not read, and stays. */
export interface NewGeneration {
  date: number
  packages: number
  packagesKey: string | undefined
  contentsKey: string | undefined
  now: number
}

/** The health of a repository, as its last syncs left it. */
export type RepositoryHealth = Pick<
  typeof repository.$inferSelect,
  'releaseId' | 'uri' | 'suite' | 'fetch' | 'synced' | 'error'
>

type Suite = Pick<RepositorySpec, 'uri' | 'suite' | 'isPerArchitecture'> & { architectures?: readonly string[] }

/** The rows of what has one description: of a suite, or of some architectures of it. */
function isOf({ uri, suite, isPerArchitecture = false, architectures = [] }: Suite) {
  const isOne = isPerArchitecture ? inArray(repository.architecture, [...architectures]) : undefined
  return and(eq(repository.uri, uri), eq(repository.suite, suite), isOne)
}

/** The row of a component and architecture, made when it is new, with what the configuration says now. */
export function repositoryRow(
  database: Database,
  spec: Suite & Pick<RepositorySpec, 'format' | 'fetch' | 'superseded' | 'sourceUrl'>,
  { releaseId, component, architecture }: { releaseId: number; component: string; architecture: string },
): RepositoryRow {
  const { format, uri, suite, fetch, superseded, sourceUrl = null } = spec
  database.insert(repository)
    .values({ releaseId, format, uri, suite, component, architecture, fetch, superseded, sourceUrl })
    .onConflictDoUpdate({
      target: [
        repository.uri,
        repository.suite,
        repository.component,
        repository.architecture,
        repository.releaseId,
      ],
      set: {
        fetch: excluded(repository.fetch),
        superseded: excluded(repository.superseded),
        sourceUrl: excluded(repository.sourceUrl),
      },
      setWhere: sql`${ne(repository.fetch, excluded(repository.fetch))}
        or ${ne(repository.superseded, excluded(repository.superseded))}
        or ${repository.sourceUrl} is not ${excluded(repository.sourceUrl)}`,
    }).run()
  // A suite that fed another release until now (`stable`, after a release of Debian) no longer feeds that one.
  database.update(repository).set({ fetch: 'none' }).where(and(
    isOf(spec),
    eq(repository.component, component),
    eq(repository.architecture, architecture),
    ne(repository.releaseId, releaseId),
    ne(repository.fetch, 'none'),
  )).run()
  const row = findRepository(database, spec, { releaseId, component, architecture })
  if (row === undefined) throw new Error('A repository that was just noted is not in the database')
  return row
}

/**
 * Marks repositories that are no longer configured. Their packages stay known, and can be fetched while they are
 * upstream; but their age and last error no longer count against their release.
 */
export function noteConfigured(
  database: Database,
  specs: readonly (Suite & Pick<RepositorySpec, 'architectures' | 'components'>)[],
): void {
  const { id, uri, suite, component, architecture } = repository
  const rows = database.select({ id, uri, suite, component, architecture }).from(repository)
    .where(ne(repository.fetch, 'none')).all()
  const isNamed = (row: (typeof rows)[number]) =>
    specs.some((spec) =>
      spec.uri === row.uri && spec.suite === row.suite && spec.architectures.includes(row.architecture) &&
      (row.component === '' ? spec.components.length === 0 : spec.components.includes(row.component))
    )
  for (const row of rows) {
    if (!isNamed(row)) database.update(repository).set({ fetch: 'none' }).where(eq(id, row.id)).run()
  }
}

/** The row of a component and architecture, when there is one; by the release's name, or its id. */
export function findRepository(
  database: Database,
  suite: Suite,
  key: { component: string; architecture: string } & ({ release: string } | { releaseId: number }),
): RepositoryRow | undefined {
  return database.select({
    id: repository.id,
    releaseId: repository.releaseId,
    date: repository.date,
    packagesKey: repository.packagesKey,
    contentsKey: repository.contentsKey,
    synced: repository.synced,
    packages: repository.packages,
  }).from(repository).innerJoin(release, eq(release.id, repository.releaseId)).where(and(
    'releaseId' in key ? eq(release.id, key.releaseId) : eq(release.name, key.release),
    isOf(suite),
    eq(repository.component, key.component),
    eq(repository.architecture, key.architecture),
  )).get()
}

/** Every repository that was ever noted, in the order in which they were, with the name of its release. */
export function allRepositories(
  database: Database,
): { id: number; uri: string; suite: string; architecture: string; releaseId: number; release: string }[] {
  const { id, uri, suite, architecture, releaseId } = repository
  return database.select({ id, uri, suite, architecture, releaseId, release: release.name }).from(repository)
    .innerJoin(release, eq(release.id, releaseId)).orderBy(asc(id)).all()
}

/**
 * The health of every repository, in the order in which they were noted, those that are no longer configured (`none`)
 * included.
 */
export function repositoryHealth(database: Database): RepositoryHealth[] {
  const { releaseId, uri, suite, fetch, synced, error } = repository
  return database.select({ releaseId, uri, suite, fetch, synced, error }).from(repository)
    .orderBy(asc(repository.id)).all()
}

/** The release that a suite fed when it was synced last, by its name; undefined: it never was, or is configured no more. */
export function releaseFedBy(database: Database, suite: Suite, architecture: string): string | undefined {
  return database.select({ name: release.name }).from(repository)
    .innerJoin(release, eq(release.id, repository.releaseId))
    .where(and(isOf(suite), eq(repository.architecture, architecture), ne(repository.fetch, 'none')))
    .orderBy(asc(repository.id)).get()?.name
}

/**
 * The newest signed date that was ever accepted of a suite; undefined when there is none. Dates after `notAfter` (Unix
 * seconds) were signed by a clock that was ahead, and do not count.
 */
export function newestDate(database: Database, suite: Suite, { notAfter = Infinity } = {}): number | undefined {
  const counts = notAfter === Infinity ? undefined : lte(repository.date, notAfter)
  return database.select({ date: max(repository.date) }).from(repository).where(and(isOf(suite), counts)).get()?.date ??
    undefined
}

/** An older generation is taken on purpose: no row of the suite remembers a newer one. */
export function noteRollback(database: Database, suite: Suite, date: number): void {
  database.update(repository).set({ date }).where(and(isOf(suite), gt(repository.date, date))).run()
}

/** A repository was looked at and had nothing new; `date` may be newer all the same. */
export function noteChecked(database: Database, id: number, { date, now }: { date: number; now: number }): void {
  database.update(repository).set({ checked: now, synced: now, date, error: null }).where(eq(repository.id, id)).run()
}

/** A new generation of a repository is visible from now on. */
export function noteGeneration(database: Database, id: number, generation: NewGeneration): void {
  const { date, packages, packagesKey, contentsKey, now } = generation
  database.update(repository)
    .set({ date, packages, packagesKey, contentsKey, checked: now, synced: now, error: null })
    .where(eq(repository.id, id)).run()
}

/** A suite, or a part of it, could not be synced: its rows remember why. */
export function noteError(
  database: Database,
  suite: Suite,
  { part, message, now }: { part?: { component: string; architecture: string }; message: string; now: number },
): void {
  const isPart = part === undefined
    ? undefined
    : and(eq(repository.component, part.component), eq(repository.architecture, part.architecture))
  database.update(repository).set({ checked: now, error: message }).where(and(isOf(suite), isPart)).run()
}

/** Ids of the releases in which a repository says that superseded versions go after a week. */
export function releasesWithOneWeek(database: Database): number[] {
  return database.selectDistinct({ id: repository.releaseId }).from(repository)
    .where(eq(repository.superseded, 'one-week')).all().map(({ id }) => id)
}

const sourceUrls = prepared((database) =>
  database.select({ sourceUrl: repository.sourceUrl }).from(repository)
    .where(and(eq(repository.releaseId, sql.placeholder('releaseId')), isNotNull(repository.sourceUrl)))
    .orderBy(desc(repository.id)).limit(fixedLimit(1)).prepare()
)

/** The template of addresses at which a release's sources can be read: that of the repository that was configured last. */
export function sourceUrlOf(database: Database, releaseId: number): string | undefined {
  return sourceUrls(database).get({ releaseId })?.sourceUrl ?? undefined
}
