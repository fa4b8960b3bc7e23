/** The table `package_path`: which names of packages ever had a path, in normal form, in a release. */
import { and, eq, sql } from 'drizzle-orm'
import { packagePath } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit, prepared } from '../../database/prepared.ts'

const MOST_OWNERS = 50

const owners = prepared((database) =>
  database.select({ name: packagePath.name }).from(packagePath)
    .where(and(eq(packagePath.path, sql.placeholder('path')), eq(packagePath.releaseId, sql.placeholder('releaseId'))))
    .limit(fixedLimit(MOST_OWNERS)).prepare()
)

/** Names of packages that ever had a path in a release. */
export function ownersOf(database: Database, path: string, releaseId: number): string[] {
  return owners(database).all({ path, releaseId }).map(({ name }) => name)
}

/** Names of packages that ever had any path in a release. */
export function namesWithPath(database: Database, releaseId: number): Set<string> {
  const { name } = packagePath
  const rows = database.selectDistinct({ name }).from(packagePath).where(eq(packagePath.releaseId, releaseId)).all()
  return new Set(rows.map((row) => row.name))
}
