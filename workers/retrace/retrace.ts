/**
 * One task, in the steps of docs/architecture.md, 'The worker's steps'. This file is their order and nothing else; each
 * step is a file beside it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { PackageUses } from '../../src/packages/index/use.ts'
import { plainSize } from '../../src/files/plain.ts'
import { freeBytes } from '../../src/files/space.ts'
import { EXIT } from '../../src/program/program.ts'
import { readManifest } from '../../src/task/manifest.ts'
import type { Task } from '../../src/task/task.ts'
import { ASIDES } from '../../src/task/files.ts'
import { newestAside, roundsOf, type Wanted, wantedBefore } from '../../src/task/rounds.ts'
import { removeTraces } from '../../src/task/tidy.ts'
import { count } from '../../src/text/count.ts'
import { MIB } from '../../src/units/bytes.ts'
import { GdbAhead } from './ahead.ts'
import { assemble, withLinkFolder } from './assemble.ts'
import { findCompanions, NO_COMPANIONS } from './companions.ts'
import { Deadline } from './time/deadline.ts'
import { debugCore } from './debug.ts'
import { deliver, isWorseThanBefore, keepAside } from './deliver.ts'
import { type Findings, nothingFound } from './findings.ts'
import type { LeftOut } from './gdb/thread_record.ts'
import { startedLate } from './late_start.ts'
import { layMemory } from './lay_memory.ts'
import { withoutDebuginfo } from './leave_out.ts'
import type { Preparation } from './prepare.ts'
import { claimedArchitecture, readCoreFile } from './read.ts'
import { Sparing } from './spare.ts'
import { NoDatabase, reasonOf } from './outcome/failure.ts'
import { lateStep } from './outcome/late.ts'
import { remarksOf } from './remarks.ts'
import { makeReport } from './report.ts'
import { resolveModules } from './resolve/resolve.ts'
import { MAX_PROCESSES } from './sandbox/arguments.ts'
import { ProcessorWatch } from '../../src/process/pressure.ts'
import { usableCgroups } from './sandbox/cgroup.ts'
import { Stopwatch } from './time/stopwatch.ts'
import type { Tools } from './tools.ts'
import { sitesWithoutTables } from './unwinding.ts'
import { describeCore, remarksOn } from './words/core.ts'
import { spansLeftOut, wantedOf } from './wanted.ts'
import { moduleLine } from './words/module.ts'
import { threadLines } from './words/thread.ts'
import { afterDebugging, afterResolving, beforeDebugging, beforeReading, beforeResolving } from './words/progress.ts'

/** Bytes of what a round brings, and of the result that is kept aside. */
const ROUND_ROOM = 32 * MIB
/** Of the task's time: resolving and fetching end then, with what came, and the rest is for gdb. */
const RESOLVE_SHARE = 0.75

/**
 * All steps of one task; the exit code. A signal ends it without results: the task is run again some day. `preparation`: what was
 * done while the core arrived.
 */
export async function retrace(task: Task, tools: Tools & { preparation?: Preparation | undefined }): Promise<number> {
  const { said, signal } = tools
  const watch = new Stopwatch()
  let found: Findings | undefined
  try {
    removeTraces(task)
    found = await investigate(task, { ...tools, watch, remark: remarksOf(task) })
  } catch (error) {
    const step = watch.step ?? 'read'
    found = {
      ...nothingFound(readManifest(task)),
      step,
      reason: reasonOf(error),
    }
    said.complain(step, error instanceof Error ? error.stack ?? error.message : String(error))
  }
  if (signal.aborted) {
    await found.debugged?.closed
    said.complain('done', 'stopped by a signal; the task stays to be done')
    removeTraces(task)
    return EXIT.failed
  }
  watch.start('report')
  said.begin('report')
  const report = makeReport(found, watch.seconds())
  const wanted = isWorseThanBefore(task, report) ? undefined : nextRound(task, found, tools.config)
  if (wanted !== undefined) {
    // The core is its debugger's until then, and what comes is laid into it.
    await found.debugged?.closed
    if (await keepAside(task, report, { said, watch, wanted })) return EXIT.done
  }
  await deliver(task, report, { said, watch, minFreeMb: tools.config.minFreeMb })
  await found.debugged?.closed
  return report.hasBacktrace ? EXIT.done : EXIT.failed
}

/** What the client is asked for now; undefined: nothing, and this is the last run. */
function nextRound(task: Task, { core, debugged }: Findings, config: Tools['config']): Wanted | undefined {
  const rounds = roundsOf(task)
  const before = newestAside(task)
  const round = before === undefined ? 1 : ASIDES.indexOf(before) + 2
  const said = debugged?.conversation
  if (round > rounds || core === undefined || said === undefined || !hasRoom(task, config)) return undefined
  const ranges = wantedOf(core, said, wantedBefore(task))
  return ranges.length === 0 ? undefined : { round, rounds, ranges, within: spansLeftOut(core) }
}

/** A core that is filled lies beside the one before for a moment. */
function hasRoom(task: Task, { minFreeMb }: Tools['config']): boolean {
  const size = plainSize(task.file('coredump')) ?? 0
  return freeBytes(task.directory) - minFreeMb * MIB > size + ROUND_ROOM
}

/**
 * A server has made it before it took a task; where nobody has, and the task is none of a server's, it is made here. Throws
 * NoDatabase.
 */
function openedDatabase(task: Task, { database }: Tools['config']): Database {
  const isThere = existsSync(database)
  try {
    if (!isThere && !task.has('password')) return openDatabase(database, { migrate: true })
    return openDatabase(database, { demandCurrent: true })
  } catch (cause) {
    const why = isThere ? cause : new UsageError('it is not there', { cause })
    throw new NoDatabase(`RETRACE_DATABASE (${database}) cannot be used`, { cause: why })
  }
}

async function investigate(
  task: Task,
  tools: Parameters<typeof retrace>[1] & { watch: Stopwatch; remark: (text: string) => void },
): Promise<Findings> {
  const { config, said, signal, watch, preparation } = tools
  const deadline = new Deadline(config.taskTimeoutS * 1000)
  const processors = new ProcessorWatch()
  const manifest = readManifest(task)
  const found = nothingFound(manifest)

  watch.start('read')
  const laid = layMemory(task)
  if (laid !== undefined) said.say('read', `${count(laid, 'byte')} of memory came that was missed before`)
  const corePath = task.file('coredump')
  said.say('read', beforeReading(corePath))
  const cgroups = preparation?.cgroups ?? usableCgroups({ memoryMb: config.taskMemoryMb, processes: MAX_PROCESSES })
  const claimed = claimedArchitecture(corePath)
  const first = tools.engines.find(({ serves }) => claimed !== undefined && serves(claimed))
  const prepared = await preparation?.gdbOf(corePath)
  if (prepared !== undefined) said.note('debug', 'gdb was started while the core arrived')
  await using ahead = prepared ?? await GdbAhead.start(first, corePath, {
    ...tools,
    cgroups,
    onUnused: (why) => said.note('debug', startedLate(why)),
  })
  const { core, reason } = readCoreFile(corePath)
  if (core === undefined || reason !== undefined) return { ...found, core, reason }
  said.say('read', describeCore(core))
  for (const remark of remarksOn(core, manifest)) said.say('read', remark)

  watch.start('resolve')
  said.say('resolve', beforeResolving(core))
  if (preparation !== undefined) watch.start('fetch')
  const resolving = deadline.signal(RESOLVE_SHARE)
  const coming = preparation?.come(resolving)
  const before = coming && await deadline.await(coming)
  watch.start('resolve')
  const database = before?.database ?? openedDatabase(task, config)
  using uses = before?.uses ?? new PackageUses(database, config.taskTimeoutS * 2)
  const resolution = await deadline.await(resolveModules(core, found.hints, {
    ...tools,
    database,
    uses,
    index: before?.index,
    signal: AbortSignal.any([signal, resolving]),
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
  const seeking = findCompanions(core, resolution.modules, { ...tools, ...resolution, database, uses, deadline })
  const companions = await deadline.await(seeking) ?? NO_COMPANIONS
  const folder = task.file('root')
  const assembleWithout = (leftOut: LeftOut) => {
    const modules = withoutDebuginfo(resolution.modules, leftOut, join(folder, 'copies'))
    return withLinkFolder(assemble(core, modules, { corePath, companions }), join(folder, 'links'))
  }
  const store = ahead?.names
  const assembly = store === undefined
    ? assembleWithout(new Set())
    : assemble(core, resolution.modules, { corePath, companions, store })
  if (ahead !== undefined) ahead.assembly = assembly
  for (const problem of assembly.problems) said.note('assemble', problem)

  watch.start('debug')
  said.say('debug', beforeDebugging(assembly.links.length, resolution.modules.length, deadline.leftMs()))
  said.note('debug', `memory is ${cgroups ? `held by a control group (v${cgroups.version})` : 'watched through /proc'}`)
  const debugged = await debugCore(core, assembleWithout, {
    ...tools,
    ahead,
    deadline,
    cgroups,
    processorsToSpare: (most) => processors.toSpare(most),
    sparing: new Sparing(core, corePath, resolution.modules),
    say: (line) => said.say('debug', line),
    onCrashed: (frames) => {
      const untold = sitesWithoutTables(core, resolution.modules, [{ frames }])
      said.thread(threadLines(frames, { core, modules: resolution.modules, untold }))
    },
  })
  said.say('debug', afterDebugging({ ...debugged, isOver: deadline.isOver }))
  for (const line of [...debugged.conversation?.problems ?? [], ...debugged.warnings]) {
    said.note('debug', line)
  }
  return {
    ...resolved,
    packages: uses.counts(),
    regions: assembly.regions,
    debugged,
    untold: sitesWithoutTables(core, resolution.modules, debugged.conversation?.threads ?? []),
    step: 'debug',
    ranOutOfTime: lateStep({
      fetchIsLate: resolution.ranOutOfTime,
      isOver: deadline.isOver,
      hasEngine: tools.engines.some(({ serves }) => core.architecture !== undefined && serves(core.architecture)),
      debugged,
    }),
  }
}
