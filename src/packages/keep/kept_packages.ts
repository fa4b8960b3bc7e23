/**
 * The table `package`, as far as files are kept: the folder of a package, since when, the bytes that it is charged for,
 * when it was last needed. Nothing else writes `package.folder`, `kept` and `kept_bytes`.
 */
import { and, asc, eq, isNotNull, ne, sql } from 'drizzle-orm'
import { packages, release } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { prepared } from '../../database/prepared.ts'
import type { KnownPackage } from '../index/packages.ts'

export interface KeptPackage {
  id: number
  release: string
  folder: string
}

const bytesOfAll = prepared((database) =>
  database.select({ bytes: sql<number>`coalesce(sum(${packages.keptBytes}), 0)` }).from(packages)
    .where(isNotNull(packages.kept)).prepare()
)

const charged = prepared((database) =>
  database.update(packages).set({ keptBytes: sql`${packages.keptBytes} + ${sql.placeholder('bytes')}` })
    .where(eq(packages.id, sql.placeholder('id'))).prepare()
)

/** What names a kept package; `folder` is null for one that is not kept. */
export const KEPT_COLUMNS = { id: packages.id, release: release.name, folder: packages.folder }

/** Narrows rows to those with a folder, which every kept package has. */
export function withFolder(rows: (Omit<KeptPackage, 'folder'> & { folder: string | null })[]): KeptPackage[] {
  return rows.flatMap(({ folder, ...row }) => folder === null ? [] : [{ ...row, folder }])
}

/** All kept packages, the longest unused first. */
export function keptPackages(database: Database): KeptPackage[] {
  return withFolder(
    database.select(KEPT_COLUMNS).from(packages).innerJoin(release, eq(release.id, packages.releaseId))
      .where(isNotNull(packages.kept)).orderBy(asc(packages.used), asc(packages.id)).all(),
  )
}

/** Bytes on the disk of all of them; what several hold is counted once. */
export function keptBytes(database: Database): number {
  return bytesOfAll(database).get()?.bytes ?? 0
}

/** Folders of the kept packages of a release. */
export function keptFolders(database: Database, releaseId: number): Set<string> {
  const rows = database.select({ folder: packages.folder }).from(packages)
    .where(and(eq(packages.releaseId, releaseId), isNotNull(packages.kept))).all()
  return new Set(rows.flatMap(({ folder }) => folder ?? []))
}

/** Whether another package has a folder: only one of the same name, version and architecture can. */
export function isFolderTaken(
  database: Database,
  row: Pick<KnownPackage, 'id' | 'releaseId' | 'name' | 'version' | 'architecture'>,
  folder: string,
): boolean {
  return database.select({ id: packages.id }).from(packages).where(and(
    eq(packages.name, row.name),
    eq(packages.version, row.version),
    eq(packages.releaseId, row.releaseId),
    eq(packages.architecture, row.architecture),
    eq(packages.folder, folder),
    ne(packages.id, row.id),
  )).get() !== undefined
}

/** Notes the folder of a package's files, kept since `now` (Unix seconds), and the bytes that it is charged for. */
export function noteKept(
  database: Database,
  id: number,
  { folder, bytes, now }: { folder: string; bytes: number; now: number },
): void {
  database.update(packages).set({ folder, kept: now, keptBytes: bytes, used: now }).where(eq(packages.id, id)).run()
}

/** Notes that the files of a package are not here any more; returns the bytes that it was charged for. */
export function noteNotKept(database: Database, id: number): number {
  const row = database.select({ bytes: packages.keptBytes }).from(packages).where(eq(packages.id, id)).get()
  database.update(packages).set({ folder: null, kept: null, keptBytes: null }).where(eq(packages.id, id)).run()
  return row?.bytes ?? 0
}

/** Adds to the bytes that a package is charged for; negative numbers subtract. */
export function charge(database: Database, id: number, bytes: number): void {
  charged(database).run({ id, bytes })
}
