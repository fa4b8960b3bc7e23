/**
 * What `/metrics` looks at when it is asked: tasks, space, repositories, certificate. The database is asked once a
 * minute at most: a scrape must not cost a retrace its time.
 */
import { Gauge } from 'prom-client'
import { type RepositorySummary, summarizeRepositories } from '../packages/index/summary.ts'
import type { Services } from '../http/services.ts'
import { MIB } from '../units/bytes.ts'

const SUMMARY_MS = 60_000

export interface GaugeSources {
  services: Services
  /** When the certificate that is shown now expires; undefined without one. */
  certificateExpires(): Date | undefined
}

/** Registers the gauges; their values come when a scrape asks. */
export function registerGauges({ services, certificateExpires }: GaugeSources): void {
  const { metrics, runner, spool, config } = services
  const registers = [metrics.registry]
  new Gauge({
    name: 'retrace_tasks',
    help: 'Tasks that run, wait, or are being uploaded, of those that have a place or want one',
    labelNames: ['state'],
    registers,
    collect() {
      const { running, queued, uploading } = runner.load()
      for (const [state, count] of Object.entries({ running, queued, uploading })) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'retrace_tasks_going_on',
    help: 'Tasks that run again, or wait to, with memory that came from their clients; they take no place of others',
    registers,
    collect() {
      this.set(runner.load().goingOn)
    },
  })
  new Gauge({
    name: 'retrace_task_places',
    help: 'Tasks that may run and wait (RETRACE_MAX_RUNNING_TASKS and RETRACE_MAX_QUEUED_TASKS)',
    registers,
    collect() {
      this.set(config.maxRunningTasks + config.maxQueuedTasks)
    },
  })
  new Gauge({
    name: 'retrace_spool_free_bytes',
    help: "Bytes free in the spool's file system",
    registers,
    collect() {
      this.set(spool.free())
    },
  })
  new Gauge({
    name: 'retrace_spool_min_free_bytes',
    help: 'Below so many bytes free uploads are refused (RETRACE_MIN_FREE_MB)',
    registers,
    collect() {
      this.set(config.minFreeMb * MIB)
    },
  })
  new Gauge({
    name: 'retrace_certificate_expiry_timestamp_seconds',
    help: 'When the TLS certificate expires, in seconds since 1970',
    registers,
    collect() {
      const expires = certificateExpires()
      if (expires !== undefined) this.set(expires.getTime() / 1000)
    },
  })
  registerRepositories(services, registers)
}

function registerRepositories({ database, now, metrics }: Services, registers: (typeof metrics.registry)[]): void {
  let cached: { at: number; rows: RepositorySummary[] } | undefined
  const rows = () => {
    const at = now().getTime()
    if (cached === undefined || at - cached.at >= SUMMARY_MS) cached = { at, rows: summarizeRepositories(database) }
    return cached.rows
  }
  const gauge = (name: string, help: string, value: (row: RepositorySummary) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['release'],
      registers,
      collect() {
        this.reset()
        for (const row of rows()) {
          const number = value(row)
          if (number !== undefined) this.set({ release: row.release }, number)
        }
      },
    })
  gauge('retrace_repository_packages', 'Packages that are known', (row) => row.known)
  gauge('retrace_repository_packages_here', 'Packages whose files are here', (row) => row.here)
  gauge('retrace_repository_bytes', 'Bytes of the package files that are here', (row) => row.bytes)
  gauge(
    'retrace_repository_synced_timestamp_seconds',
    'When the repository that was longest not synced was last synced, in seconds since 1970; 0: never',
    (row) => row.repositories > 0 ? row.synced ?? 0 : undefined,
  )
  gauge('retrace_repository_failing', 'Repositories of the release whose last sync failed', (row) => row.failing)
}
