/**
 * The server's life: what is opened, in which order, what runs again, and how all of it ends. main.ts reads the command
 * line and the signals; tests start this in their own process.
 */
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { createApp, createMetricsApp } from './app.tsx'
import type { Config, ConfigOf } from './config/config.ts'
import { environmentOf } from './config/environment.ts'
import { contradictions } from './config/contradictions.ts'
import { judgeProxy } from './health/address.ts'
import { readSupervisor, type SupervisorEnvironment } from './config/supervisor_environment.ts'
import { closeDatabase, makePlace, openDatabase } from './database/database.ts'
import { log } from './telemetry/log.ts'
import { countProcess, createMetrics } from './telemetry/metrics.ts'
import { UsageError } from './errors/usage_error.ts'
import { createCrashCounts } from './runner/crash_counts.ts'
import { createEstimates } from './runner/estimates.ts'
import { IndexMaker } from './runner/index_maker.ts'
import { MemoryRoom } from './runner/memory_room.ts'
import { resultsRoom } from './runner/results_room.ts'
import { Runner } from './runner/runner.ts'
import { WorkerStarter } from './runner/starter.ts'
import { subjectOf } from './runner/subject.ts'
import { tellRefusals } from './http/error_response.ts'
import type { Services } from './http/services.ts'
import { ClientUploads } from './http/client_uploads.ts'
import { UnpackThreads } from './unpacking/threads.ts'
import { PartialUploads } from './upload/partial_uploads.ts'
import { readAssets } from './http/assets.ts'
import { installationRoot } from './program/program.ts'
import type { Threads } from './program/runtime.ts'
import { makeSpool, Spool } from './spool/spool.ts'
import { type Certificate, lapseOf, readCertificate } from './tls/certificate.ts'
import { registerGauges } from './server/gauges.ts'
import { watchHandshakes } from './server/handshakes.ts'
import { listen, type Listening } from './server/listen.ts'
import { createListener } from './server/listener.ts'
import { listenForMetrics } from './server/metrics_listener.ts'
import { createReadiness } from './health/readiness.ts'
import { createSupervisor, passedSocket } from './server/supervisor.ts'
import { killOrphans } from './spool/processes.ts'
import { takeLocks } from './spool/server_lock.ts'
import { count } from './text/count.ts'

/** How long a stop lets answers end, and then streams. */
const DRAIN_MS = 5000
const LAST_WORDS_MS = 1000

type ServerConfig = ConfigOf<'abrt-retrace-server' | 'abrt-retrace-worker'>

export interface Program {
  readonly url: string
  readonly port: number
  readonly services: Services
  /** Reads the certificate files again; keeps the ones before when they do not work. */
  reload(): void
  /** Stops accepting, lets answers end, stops the workers; their tasks run again with the next start. */
  stop(): Promise<void>
}

export interface ProgramOptions {
  workerCommand: readonly string[]
  /** Left out: this thread unpacks uploads and starts workers. */
  threads?: Threads | undefined
  /** What the supervisor of this process said, if it has one. */
  environment?: SupervisorEnvironment
  /** MiB that new programs can have; by default what the kernel says. */
  availableMb?: () => number
}

/** Starts everything; resolves when it listens. Throws UsageError for settings that make no sense together. */
export async function startProgram(config: ServerConfig, options: ProgramOptions): Promise<Program> {
  warnOfSettings(config)
  const certificate = readCertificate(config)
  if (certificate === undefined) demandSafety(config)
  else warnOf(certificate)
  makePlace(config.database)
  await makeSpool(config.spoolDir)
  // Before anything is changed: a second server neither migrates the database of the first nor tidies its spool.
  const locks = takeLocks(config)
  try {
    return await startLocked(config, { ...options, certificate, locks })
  } catch (cause) {
    locks[Symbol.dispose]()
    throw cause
  }
}

async function startLocked(
  config: ServerConfig,
  { workerCommand, threads, environment = readSupervisor({}), availableMb: available, certificate, locks }:
    & ProgramOptions
    & {
      certificate: Certificate | undefined
      locks: Disposable
    },
): Promise<Program> {
  const database = openDatabase(config.database, { migrate: true })
  const spool = await Spool.open(config, database)
  const orphans = killOrphans(config.spoolDir, { leaders: true })
  if (orphans > 0) {
    log('server').warning(`Killed ${count(orphans, 'process', 'processes')} that workers of the last run left behind`)
  }
  await spool.recover()
  const estimates = createEstimates(database, config.defaultEstTimeS)
  const counts = createCrashCounts(database)
  const metrics = createMetrics()
  const settings = environmentOf(['abrt-retrace-worker'], config)
  const indexes = new IndexMaker({ database, command: workerCommand, settings })
  const memory = new MemoryRoom({ database, limitMb: config.taskMemoryMb, subjectOf, ...(available && { available }) })
  const starter = new WorkerStarter(threads?.start)
  const runner = new Runner({ config, estimates, memory, counts, workerCommand, starter, subjectOf, metrics, indexes })
  spool.keepForResults((all) => resultsRoom(runner.load(), config, all))
  const uploads = new ClientUploads(config)
  const partials = await PartialUploads.open({
    spool,
    config,
    share: (client, known) => uploads.enter(client, known),
  })
  const unpacker = threads === undefined ? undefined : new UnpackThreads(threads.unpack)
  const stopping = new AbortController()
  const shared = { config, database, spool, stopping: stopping.signal, now: () => new Date() }
  const assets = readAssets(join(installationRoot(), 'dist', 'pages'))
  const services: Services = {
    ...shared,
    runner,
    uploads,
    partials,
    unpacker,
    metrics,
    assets,
    readiness: createReadiness(shared),
  }
  const app = createApp(services)
  const listener = createListener(config, { fetch: (request, env) => app.fetch(request, env), metrics })
  const onHandshakeFailure = watchHandshakes(metrics)
  const fd = passedSocket(environment)
  const listening = await listen(config, { certificate, listener, onHandshakeFailure, fd })
  let shown = certificate
  registerGauges({ services, certificateExpires: () => shown?.expires })
  countProcess(metrics.registry)
  const observed = await listenForMetrics(config, createMetricsApp(services).fetch)
  const unfinished = await spool.unfinished()
  for (const task of unfinished) await runner.resume(task)
  runner.idle()
  if (unfinished.length > 0) log('server').info(`${count(unfinished.length, 'task')} of the last run to do again`)
  log('server').info(`listening on ${listening.url}`)
  const supervisor = createSupervisor(environment)
  supervisor.ready(`listening on ${listening.url}`)
  void spool.tasks().then((tasks) => counts.catchUp(tasks, stopping.signal)).catch((cause) => {
    log('server').warning(`Tasks of the last run are counted at the next start: ${cause}`)
  })
  return {
    url: listening.url,
    port: listening.port,
    services,
    reload: () => void (shown = reloadCertificate(config, listening) ?? shown),
    async stop() {
      log('server').info('stopping')
      supervisor.stopping()
      runner.drain()
      listening.stopAccepting()
      listener.closeConnections()
      await partials.close()
      await listener.idle(DRAIN_MS)
      await runner.close()
      stopping.abort()
      await listener.idle(LAST_WORDS_MS)
      listening.destroy()
      observed.close()
      await listener.idle(LAST_WORDS_MS)
      await unpacker?.close()
      closeDatabase(database)
      locks[Symbol.dispose]()
      tellRefusals()
      log('server').info('stopped')
    },
  }
}

/** What makes no sense together, or lets everybody in: the server starts nevertheless. */
function warnOfSettings(config: ServerConfig): void {
  for (const text of contradictions(config, totalmem())) log('config').warning(text)
  const { verdict, text, more } = judgeProxy(config)
  if (verdict !== 'ok') log('config').warning(`${text}: ${more}`)
}

/**
 * Coredumps are private data: without a certificate somebody else has to do TLS, or the administrator has to say so.
 */
function demandSafety(config: Pick<Config, 'requireHttps' | 'trustProxy'>): void {
  if (!config.requireHttps || config.trustProxy.parts.length > 0) return
  throw new UsageError(
    'There is no certificate: set RETRACE_TLS_CERT and RETRACE_TLS_KEY to PEM files, or RETRACE_TRUST_PROXY to the ' +
      'address of the proxy that does TLS, or, on a machine of your own only, RETRACE_REQUIRE_HTTPS to 0',
  )
}

/** What clients or other people on this machine could meet: the server starts nevertheless. */
function warnOf(certificate: Certificate): void {
  const lapse = lapseOf(certificate, new Date())
  if (lapse !== undefined) log('server').warning(`Clients will refuse the certificate of RETRACE_TLS_CERT: ${lapse}`)
  for (const remark of certificate.remarks) log('server').warning(remark)
}

/** The certificate that is shown from now on; undefined: the one before stays. */
function reloadCertificate(config: Pick<Config, 'tlsCert' | 'tlsKey'>, listening: Listening): Certificate | undefined {
  try {
    const certificate = readCertificate(config)
    if (certificate === undefined) return undefined
    warnOf(certificate)
    listening.renew(certificate)
    log('server').info(`read the certificate again; it expires on ${certificate.expires.toISOString()}`)
    return certificate
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    log('server').error(`${cause.message}; the certificate before it stays in use`)
    return undefined
  }
}
