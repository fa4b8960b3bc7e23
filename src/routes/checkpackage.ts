/**
 * GET /checkpackage: whether a package is known, so that the ABRT client can save its user an upload. 302 without
 * `Location` when it is (the newer client follows one, and fails on what it finds), 404 when not and for what is
 * malformed: it understands nothing else (docs/http.md, 'For the ABRT client').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import { isPackageKnown } from '../packages/releases.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { answer } from '../http/answer.ts'
import { refusals } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'

const MAX_LENGTH = 300

export function checkPackageRoutes({ database }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/checkpackage', describeCheck, (c) => {
      const asked = {
        nvr: c.req.header('X-Package-NVR')?.trim(),
        arch: c.req.header('X-Package-Arch')?.trim(),
        release: c.req.header('X-OS-Release')?.trim(),
      }
      if (isWhole(asked) && isPackageKnown(database, asked)) return answer('', { status: 302 })
      throw new RetraceError('not-found', { detail: 'This package is not known here' })
    })
    .all('/checkpackage', methodNotAllowed('GET'))
}

interface Asked {
  nvr: string
  arch: string
  release: string
}

function isWhole(asked: Record<keyof Asked, string | undefined>): asked is Record<keyof Asked, string> {
  return Object.values(asked).every((value) => value !== undefined && value !== '' && value.length <= MAX_LENGTH)
}

const describeCheck = describeRoute({
  summary: 'Whether a package is known, for the ABRT client',
  parameters: [
    {
      name: 'X-Package-NVR',
      in: 'header',
      required: true,
      schema: { type: 'string' },
      example: 'bash-5.2.15-3.fc38',
    },
    { name: 'X-Package-Arch', in: 'header', required: true, schema: { type: 'string' }, example: 'x86_64' },
    { name: 'X-OS-Release', in: 'header', required: true, schema: { type: 'string' }, example: 'fedora-38-x86_64' },
  ],
  responses: {
    302: { description: 'It is known; there is no Location' },
    ...refusals('not-found', 'database-unavailable'),
  },
})
