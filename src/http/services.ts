/**
 * What handlers are given, made once in start.ts. Nothing here is read from the environment, and nothing is opened by
 * importing this file.
 */
import type { Http2Bindings, HttpBindings } from '@hono/node-server'
import type { ConfigOf } from '../config/config.ts'
import type { Assets } from './assets.ts'
import type { ClientUploads } from './client_uploads.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Runner } from '../runner/runner.ts'
import type { Readiness } from '../health/readiness.ts'
import type { Spool } from '../spool/spool.ts'
import type { PartialUploads } from '../upload/partial_uploads.ts'
import type { Unpacker } from '../upload/receive.ts'

export interface Services {
  config: ConfigOf<'abrt-retrace-server' | 'abrt-retrace-worker'>
  database: Database
  spool: Spool
  runner: Runner
  /** How many uploads of each client arrive. */
  uploads: ClientUploads
  /** Those that arrive in parts. */
  partials: PartialUploads
  /** Who unpacks uploads; undefined: the thread that asks. */
  unpacker: Unpacker | undefined
  metrics: Metrics
  /** Style and scripts of the pages. */
  assets: Assets
  /** Whether a task could be taken now, part by part. */
  readiness: () => Promise<Readiness>
  /** Aborts when the server stops: streams end then. */
  stopping: AbortSignal
  now: () => Date
}

/** What Hono's context carries: Node's own request and response, and who asks by which scheme. */
export interface AppEnv {
  Bindings: HttpBindings | Http2Bindings
}
