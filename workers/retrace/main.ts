/**
 * abrt-retrace-worker: one task, in the steps of docs/architecture.md, 'The worker's steps'. This file is their order
 * and nothing else; each step is a file beside it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process, { argv, exit, stderr, stdout } from 'node:process'
import { type ConfigOf, readConfig } from '../../src/config/config.ts'
import { type ProxyEnvironment, readProxies } from '../../src/config/proxy_environment.ts'
import { openDatabase } from '../../src/database/database.ts'
import { PackageUses } from '../../src/packages/index/use.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { escapeText } from '../../src/text/escape.ts'
import { EXIT, installationRoot, version } from '../../src/program/program.ts'
import { readManifest } from '../../src/task/manifest.ts'
import { writeStep } from '../../src/task/step.ts'
import type { Task } from '../../src/task/task.ts'
import { removeTraces } from '../../src/task/tidy.ts'
import { assemble, withLinkFolder } from './assemble.ts'
import { findCompanions, NO_COMPANIONS } from './companions.ts'
import { help, lineFromInput, NAME, readCommandLine } from './command_line.ts'
import { Deadline } from './time/deadline.ts'
import { debugCore } from './debug.ts'
import { deliver, endAgain } from './deliver.ts'
import { type Findings, nothingFound } from './findings.ts'
import { engines } from './gdb/engines.ts'
import { type Journal, journal } from './journal.ts'
import { openTask } from './open_task.ts'
import { readCoreFile } from './read.ts'
import { makeReport } from './report.ts'
import { resolveModules } from './resolve/resolve.ts'
import { findCgroups } from './sandbox/cgroup.ts'
import { Stopwatch } from './time/stopwatch.ts'
import { describeCore, remarksOn } from './words/core.ts'
import { moduleLine } from './words/module.ts'
import { afterDebugging, afterResolving, beforeDebugging, beforeReading, beforeResolving } from './words/progress.ts'

async function main(words: readonly string[]): Promise<number> {
  const command = readCommandLine(words)
  if (command.kind === 'help') return print(help())
  if (command.kind === 'version') return print(`${NAME} ${version()}`)
  const config = { ...readConfig([NAME]), proxies: readProxies() }
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopSoon(stop))
  const tools = {
    config,
    engines: engines(config.engineDir),
    root: join(installationRoot(), 'workers', 'retrace', 'root'),
  }
  const dir = command.kind === 'task' ? command.dir : await lineFromInput(stop.signal)
  if (dir === undefined) return EXIT.done
  const task = openTask(dir)
  if (task.hasEnded()) return endAgain(task) ? EXIT.done : EXIT.failed
  const said = journal({ onStep: (step) => writeStep(task, step) })
  return await retrace(task, { ...tools, signal: stop.signal, said })
}

/** Of the task's time: resolving and fetching end then, with what came, and the rest is for gdb. */
const RESOLVE_SHARE = 0.75
const STOP_MS = 5_000

interface Tools {
  config: ConfigOf<typeof NAME> & { proxies: ProxyEnvironment }
  engines: ReturnType<typeof engines>
  root: string
  signal: AbortSignal
  said: Journal
}

/** All steps of one task; the exit code. A signal ends it without results: the task is run again some day. */
async function retrace(task: Task, tools: Tools): Promise<number> {
  const { said, signal } = tools
  const watch = new Stopwatch()
  let found: Findings | undefined
  try {
    removeTraces(task)
    found = await investigate(task, { ...tools, watch })
  } catch (error) {
    const step = watch.step ?? 'read'
    found = {
      ...nothingFound(readManifest(task)),
      step,
      reason: { kind: 'worker-failed', detail: describe(error) },
    }
    said.complain(step, error instanceof Error ? error.stack ?? error.message : String(error))
  }
  if (signal.aborted) {
    said.complain('done', 'stopped by a signal; the task stays to be done')
    removeTraces(task)
    return EXIT.failed
  }
  watch.start('report')
  said.begin('report')
  const report = makeReport(found, watch.seconds())
  await deliver(task, report, { said, watch })
  return report.hasBacktrace ? EXIT.done : EXIT.failed
}

async function investigate(task: Task, tools: Tools & { watch: Stopwatch }): Promise<Findings> {
  const { config, said, signal, watch } = tools
  const deadline = new Deadline(config.taskTimeoutS * 1000)
  const manifest = readManifest(task)
  const found = nothingFound(manifest)

  watch.start('read')
  const corePath = task.file('coredump')
  said.say('read', beforeReading(corePath))
  const { core, reason } = readCoreFile(corePath)
  if (core === undefined || reason !== undefined) return { ...found, core, reason }
  said.say('read', describeCore(core))
  for (const remark of remarksOn(core, manifest)) said.say('read', remark)

  watch.start('resolve')
  said.say('resolve', beforeResolving(core))
  const database = openDatabase(config.database, { migrate: !existsSync(config.database) })
  using uses = new PackageUses(database, config.taskTimeoutS * 2)
  const resolution = await deadline.await(resolveModules(core, found.hints, {
    config,
    database,
    uses,
    signal: AbortSignal.any([signal, deadline.signal(RESOLVE_SHARE)]),
    say: said.say,
  }))
  if (resolution === undefined) {
    return { ...found, core, packages: uses.counts(), step: 'resolve', ranOutOfTime: 'fetch' }
  }
  watch.move('resolve', 'fetch', resolution.seconds.fetch)
  said.say('resolve', afterResolving(resolution))
  for (const module of resolution.modules) said.note('resolve', moduleLine(module))
  const ranOutOfTime = resolution.ranOutOfTime ? 'fetch' as const : undefined
  const resolved = { ...found, ...resolution, ranOutOfTime, core, step: 'resolve' as const }
  if (signal.aborted) return resolved

  watch.start('assemble')
  said.begin('assemble')
  const seeking = findCompanions(core, resolution.modules, { ...tools, database, uses, deadline })
  const companions = await deadline.await(seeking) ?? NO_COMPANIONS
  const whole = assemble(core, resolution.modules, { corePath, companions })
  const assembly = withLinkFolder(whole, task.file('root'))
  for (const problem of assembly.problems) said.note('assemble', problem)

  watch.start('debug')
  said.say('debug', beforeDebugging(assembly.links.length, resolution.modules.length, deadline.leftMs()))
  const cgroups = findCgroups()
  said.note('debug', `memory is ${cgroups ? `held by a control group (v${cgroups.version})` : 'watched through /proc'}`)
  const debugged = await debugCore(core, assembly, {
    ...tools,
    deadline,
    cgroups,
    say: (line) => said.say('debug', line),
  })
  said.say('debug', afterDebugging(debugged))
  for (const line of [...debugged.conversation?.problems ?? [], ...debugged.warnings]) {
    said.note('debug', line)
  }
  return {
    ...resolved,
    packages: uses.counts(),
    regions: assembly.regions,
    debugged,
    step: 'debug',
    ranOutOfTime: deadline.isOver && debugged.engine !== undefined ? 'debug' : ranOutOfTime,
  }
}

/** Stops the step that runs; one that does not heed it has some seconds. The sandbox dies with this process. */
function stopSoon(stop: AbortController): void {
  stop.abort()
  setTimeout(() => exit(EXIT.failed), STOP_MS).unref()
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function print(text: string): number {
  stdout.write(`${text}\n`)
  return EXIT.done
}

try {
  exit(await main(argv.slice(2)))
} catch (error) {
  stderr.write(`${NAME}: ${escapeText(describe(error))}\n`)
  exit(error instanceof UsageError ? EXIT.usage : EXIT.failed)
}
