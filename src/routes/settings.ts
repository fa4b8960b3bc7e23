/**
 * GET /settings, as the shipped ABRT client reads it: LF only, one `key value` a line, all six; a missing one reads as
 * 'fully occupied' there (http.md, 'For the ABRT client').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { supportedReleases } from '../packages/index/repositories.ts'
import type { AppEnv, Services } from '../services.ts'
import { answer } from './answer.ts'
import { refusals, textResponse } from './description.ts'
import { methodNotAllowed } from './method_not_allowed.ts'

/** At most 16 fit into the client's table. */
const FORMATS = [
  'application/x-xz-compressed-tar',
  'application/x-compressed-tar',
  'application/x-tar',
  'application/x-gzip',
  'application/gzip',
  'application/x-xz',
  'application/zstd',
  'application/x-core',
  'application/octet-stream',
]
const MAX_RELEASES = 32

export function settingsRoutes({ config, database, runner }: Services) {
  return new Hono<AppEnv>()
    .get('/settings', describeSettings, () => {
      const { running, queued, uploading } = runner.load()
      return answer(formatSettings({
        running_tasks: running + queued + uploading,
        max_running_tasks: config.maxRunningTasks + config.maxQueuedTasks,
        max_packed_size: config.maxPackedMb,
        max_unpacked_size: config.maxUnpackedMb,
        supported_formats: FORMATS.join(' '),
        supported_releases: supportedReleases(database).slice(0, MAX_RELEASES).join(' '),
      }))
    })
    .all('/settings', methodNotAllowed('GET'))
}

function formatSettings(settings: Record<string, string | number>): string {
  return Object.entries(settings).map(([key, value]) => `${key} ${value}\n`).join('')
}

const describeSettings = describeRoute({
  summary: 'What the server can take now, for the ABRT client',
  responses: {
    200: textResponse(
      'running_tasks, max_running_tasks, max_packed_size, max_unpacked_size (MiB), supported_formats, supported_releases',
    ),
    ...refusals('database-unavailable'),
  },
})
