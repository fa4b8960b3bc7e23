/** What is known of each release as a whole, for `--status`, `/readyz` and `/metrics`: one look at the index. */
import type { Database } from '../../database/database.ts'

export interface RepositorySummary {
  /** Release id with architecture. */
  release: string
  /** Packages that are known, of those the ones gone upstream, and the ones whose files are here with their bytes. */
  known: number
  gone: number
  here: number
  bytes: number
  /** Repositories that the administrator's files name. */
  repositories: number
  /**
   * Unix seconds: the last success of the repository that has waited longest for one; null: one had none yet. Where
   * none is named any more, the last success of all.
   */
  synced: number | null
  /** Repositories whose last sync failed. */
  failing: number
  /** Their complaints, `SUITE: SENTENCE`, separated by semicolons. */
  error: string | null
}

/** One row per release, in the order of their names. */
export function summarizeRepositories(database: Database): RepositorySummary[] {
  return database.$client.prepare(
    `SELECT r.name AS release, coalesce(p.known, 0) AS known, coalesce(p.gone, 0) AS gone, coalesce(p.here, 0) AS here,
       coalesce(p.bytes, 0) AS bytes,
       (SELECT count(*) FROM repository y WHERE y.release_id = r.id AND y.fetch <> 'none') AS repositories,
       (SELECT CASE WHEN count(*) FILTER (WHERE fetch <> 'none') = 0 THEN max(synced)
           WHEN count(*) FILTER (WHERE fetch <> 'none' AND synced IS NULL) > 0 THEN NULL
           ELSE min(synced) FILTER (WHERE fetch <> 'none') END
         FROM repository y WHERE y.release_id = r.id) AS synced,
       (SELECT count(DISTINCT y.uri || ' ' || y.suite) FROM repository y
         WHERE y.release_id = r.id AND y.error IS NOT NULL AND y.fetch <> 'none') AS failing,
       (SELECT group_concat(y.sentence, '; ') FROM
         (SELECT DISTINCT release_id, suite || ': ' || error AS sentence FROM repository
           WHERE error IS NOT NULL AND fetch <> 'none') y
         WHERE y.release_id = r.id) AS error
     FROM release r LEFT JOIN (
       SELECT release_id, count(*) AS known, sum(gone IS NOT NULL) AS gone, sum(kept IS NOT NULL) AS here,
         sum(kept_bytes) AS bytes FROM package GROUP BY release_id
     ) p ON p.release_id = r.id ORDER BY r.name`,
  ).all() as RepositorySummary[]
}
