/**
 * What is counted while the server works, for `/metrics` (prom-client). Counters and histograms only: whoever does
 * something counts it; what can be looked at instead, `server/gauges.ts` looks at when it is asked. Labels take values
 * of closed lists, never a stranger's words.
 */
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'

const TASK_SECONDS = [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280]
const REQUEST_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60]

/** What is counted; the helps of the series below say what each is. */
export interface Metrics {
  readonly registry: Registry
  readonly uploads: Counter
  readonly uploadBytes: Counter
  readonly refusals: Counter<'code'>
  readonly handshakeFailures: Counter<'kind'>
  readonly requests: Histogram<'method' | 'status'>
  readonly ended: Counter<'state' | 'outcome'>
  readonly taskSeconds: Histogram
  readonly stepSeconds: Histogram<'step'>
  readonly modules: Counter<'status'>
  readonly packages: Counter<'from'>
  readonly codings: Counter<'from'>
  readonly pages: Counter<'page'>
  readonly logins: Counter<'result'>
}

/** Everything that is counted, in a registry of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    uploads: new Counter({ name: 'retrace_uploads_total', help: 'Uploads that were accepted', registers }),
    uploadBytes: new Counter({
      name: 'retrace_upload_bytes_total',
      help: 'Bytes of the uploads that were accepted, as they were sent',
      registers,
    }),
    refusals: new Counter({
      name: 'retrace_refusals_total',
      help: 'Requests that were refused, by the code of the failure',
      labelNames: ['code'],
      registers,
    }),
    handshakeFailures: new Counter({
      name: 'retrace_tls_handshake_failures_total',
      help: 'TLS handshakes that failed, by kind',
      labelNames: ['kind'],
      registers,
    }),
    requests: new Histogram({
      name: 'retrace_http_request_seconds',
      help: 'Seconds from the headers of a request to the end of its answer, by method and status',
      labelNames: ['method', 'status'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    ended: new Counter({
      name: 'retrace_tasks_ended_total',
      help: 'Tasks that ended, by state and outcome',
      labelNames: ['state', 'outcome'],
      registers,
    }),
    taskSeconds: new Histogram({
      name: 'retrace_task_seconds',
      help: 'Seconds from the end of an upload to the end of its task',
      buckets: TASK_SECONDS,
      registers,
    }),
    stepSeconds: new Histogram({
      name: 'retrace_step_seconds',
      help: 'Seconds that the steps of a task took',
      labelNames: ['step'],
      buckets: TASK_SECONDS,
      registers,
    }),
    modules: new Counter({
      name: 'retrace_modules_total',
      help: 'Modules of the cores of ended tasks, by status',
      labelNames: ['status'],
      registers,
    }),
    packages: new Counter({
      name: 'retrace_packages_used_total',
      help: 'Packages that ended tasks used, by whether they were here or had to be fetched',
      labelNames: ['from'],
      registers,
    }),
    codings: new Counter({
      name: 'retrace_codings_total',
      help: 'Results that were asked for compressed, by whether a copy was kept, was made, or they went plain',
      labelNames: ['from'],
      registers,
    }),
    pages: new Counter({
      name: 'retrace_pages_total',
      help: 'Pages for people that were shown, by kind',
      labelNames: ['page'],
      registers,
    }),
    logins: new Counter({
      name: 'retrace_logins_total',
      help: 'Forms with the password of a task, by result',
      labelNames: ['result'],
      registers,
    }),
  }
}

/** Gauges of prom-client whose names say counter, which promtool refuses; the ones by type say more. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Memory, CPU, event loop and garbage collection of this process; once per registry. */
export function countProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'PATCH'])

/** A method as a label: a stranger may send any word. */
export function methodLabel(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : 'other'
}
