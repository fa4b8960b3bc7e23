/**
 * GET /settings, as the shipped ABRT client reads it: LF only, one `key value` a line, all six; a missing one reads as
 * 'fully occupied' there (docs/http.md, 'For the ABRT client').
 */
import { Hono } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import * as z from 'zod'
import { architectureNamed, architectureRow } from '../elf/architecture.ts'
import { releaseName } from '../packages/release/release_id.ts'
import { supportedReleases } from '../packages/releases.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { MAX_ROUND, MAX_ROUNDS } from '../task/rounds.ts'
import { KIB, MIB } from '../units/bytes.ts'
import { DAY_S } from '../units/time.ts'
import { CONTENT_TYPES, CORE_CODINGS } from '../upload/headers.ts'
import { DRAFT } from '../upload/upload_fields.ts'
import { answer, answerJson, JSON_TYPE, prefersJson } from '../http/answer.ts'
import { refusals } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'

/** The client's tables end there. */
const MAX_FORMATS = 16
const MAX_RELEASES = 32

export function settingsRoutes({ config, database, runner }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/settings', describeSettings, (c) => {
      const { running, queued, uploading } = runner.load()
      const releases = clientReleases(supportedReleases(database))
      const common = {
        running_tasks: running + queued + uploading,
        max_running_tasks: config.maxRunningTasks + config.maxQueuedTasks,
        max_packed_size: config.maxPackedMb,
        max_unpacked_size: config.maxUnpackedMb,
      }
      const headers = { Vary: 'Accept' }
      if (prefersJson(c)) return answerJson({ ...common, ...offer(config), supported_releases: releases }, { headers })
      const formats = CONTENT_TYPES.slice(0, MAX_FORMATS).join(' ')
      const some = releases.slice(0, MAX_RELEASES).join(' ')
      return answer(formatSettings({ ...common, supported_formats: formats, supported_releases: some }), { headers })
    })
    .all('/settings', methodNotAllowed('GET'))
}

/** What the text has no words for; `retrace` goes by it. */
function offer(config: Services['config']) {
  return {
    supported_formats: CONTENT_TYPES,
    codings: CORE_CODINGS,
    limits: {
      max_file_size: config.maxFileKb * KIB,
      max_uploads_per_client: config.maxUploadsPerClient,
      max_tasks_per_client: config.maxTasksPerClient,
      task_timeout: config.taskTimeoutS,
      delete_after: config.deleteAfterDays * DAY_S,
    },
    resumable: {
      draft: DRAFT.name,
      interop_version: DRAFT.interopVersion,
      max_size: config.maxPackedMb * MIB,
      max_age: config.uploadLifeS,
    },
    more_memory: {
      max_rounds: config.roundWaitS === 0 ? 0 : MAX_ROUNDS,
      max_size: MAX_ROUND,
      max_wait: config.roundWaitS,
    },
    slim_cores: true,
    kept_back: true,
  }
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

const Settings = z.object({
  running_tasks: z.int(),
  max_running_tasks: z.int(),
  max_packed_size: z.int().describe('MiB'),
  max_unpacked_size: z.int().describe('MiB'),
  supported_formats: z.array(z.string()),
  supported_releases: z.array(z.string()),
  codings: z.array(z.string()).describe('Content-Encoding of a core that is sent alone'),
  limits: z.object({
    max_file_size: z.int().describe('Bytes of every member but the core'),
    max_uploads_per_client: z.int(),
    max_tasks_per_client: z.int(),
    task_timeout: z.int().describe('Seconds'),
    delete_after: z.int().describe('Seconds'),
  }),
  resumable: z.object({
    draft: z.string(),
    interop_version: z.int(),
    max_size: z.int().describe('Bytes'),
    max_age: z.int().describe('Seconds'),
  }),
  more_memory: z.object({
    max_rounds: z.int().describe('How often a task asks for memory that a slim core lacks'),
    max_size: z.int().describe('Bytes of memory of one round'),
    max_wait: z.int().describe('Seconds'),
  }),
  slim_cores: z.boolean().describe('A note RETRACE in a core says what was left out'),
  kept_back: z.boolean().describe('A note RETRACE in a core says that its values were zeroed'),
}).meta({ ref: 'Settings' })

const SETTINGS_TEXT =
  'running_tasks, max_running_tasks; max_packed_size, max_unpacked_size in MiB; supported_formats, supported_releases'

const describeSettings = describeRoute({
  summary: 'What the server can take now: six lines for the ABRT client, more as JSON',
  responses: {
    200: {
      description: SETTINGS_TEXT,
      content: {
        'text/plain': { schema: { type: 'string' } },
        [JSON_TYPE]: { schema: resolver(Settings) },
      },
    },
    ...refusals('database-unavailable'),
  },
})
