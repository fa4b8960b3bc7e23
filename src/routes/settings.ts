/**
 * GET /settings, as the shipped ABRT client reads it: LF only, one `key value` a line, all six; a missing one reads as
 * 'fully occupied' there (docs/http.md, 'For the ABRT client').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { architectureNamed, architectureRow } from '../elf/architecture.ts'
import { releaseName } from '../packages/release/release_id.ts'
import { supportedReleases } from '../packages/releases.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { CONTENT_TYPES } from '../upload/headers.ts'
import { answer } from '../http/answer.ts'
import { refusals, textResponse } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'

/** The client's tables end there. */
const MAX_FORMATS = 16
const MAX_RELEASES = 32

export function settingsRoutes({ config, database, runner }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/settings', describeSettings, () => {
      const { running, queued, uploading } = runner.load()
      return answer(formatSettings({
        running_tasks: running + queued + uploading,
        max_running_tasks: config.maxRunningTasks + config.maxQueuedTasks,
        max_packed_size: config.maxPackedMb,
        max_unpacked_size: config.maxUnpackedMb,
        supported_formats: CONTENT_TYPES.slice(0, MAX_FORMATS).join(' '),
        supported_releases: clientReleases(supportedReleases(database)).slice(0, MAX_RELEASES).join(' '),
      }))
    })
    .all('/settings', methodNotAllowed('GET'))
}

/**
 * Release ids with the client's spelling of their architecture (`debian-12-amd64` -> `debian-12-x86_64`), the newest of
 * each distribution first: the client compares exactly, and its list is short.
 */
export function clientReleases(ids: readonly string[]): string[] {
  const split = ids.map((id) => {
    const { release = id, architecture } = releaseName(id) ?? {}
    const canonical = architecture === undefined ? undefined : architectureNamed(architecture)
    const dash = release.search(/-[^-]*$/)
    return {
      id: canonical === undefined ? id : `${release}-${architectureRow(canonical).abrt}`,
      line: `${release.slice(0, dash)} ${canonical}`,
      version: release.slice(dash + 1),
    }
  })
  const age = new Map<string, number>()
  return split
    .sort((a, b) => compareVersions(b.version, a.version) || a.id.localeCompare(b.id))
    .map(({ id, line }) => {
      const older = age.get(line) ?? 0
      age.set(line, older + 1)
      return { id, older }
    })
    .sort((a, b) => a.older - b.older)
    .map(({ id }) => id)
}

/** Numbers by value; a word (`rawhide`, `sid`) is what comes after all numbers. */
function compareVersions(a: string, b: string): number {
  const key = (version: string) => /^[0-9]/.test(version) ? version.split('.').map(Number) : [Infinity]
  const [left, right] = [key(a), key(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? 0, right[i] ?? 0]
    if (x !== y) return x - y
  }
  return 0
}

function formatSettings(settings: Record<string, string | number>): string {
  return Object.entries(settings).map(([key, value]) => `${key} ${value}\n`).join('')
}

const describeSettings = describeRoute({
  summary: 'What the server can take now, for the ABRT client',
  responses: {
    200: textResponse(
      'running_tasks, max_running_tasks; max_packed_size, max_unpacked_size in MiB; supported_formats, supported_releases',
    ),
    ...refusals('database-unavailable'),
  },
})
