/** What a runner is given, and what it tells of how much it has to do. */
import type { ConfigOf } from '../config/config.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Task } from '../task/task.ts'
import type { CrashCounts } from './crash_counts.ts'
import type { Estimates, Subject } from './estimates.ts'
import type { IndexMaker } from './index_maker.ts'
import type { MemoryRoom } from './memory_room.ts'
import type { WorkerStarter } from './starter.ts'

export interface RunnerOptions {
  config: ConfigOf<'abrt-retrace-server' | 'abrt-retrace-worker'>
  estimates: Estimates
  memory: MemoryRoom
  counts: CrashCounts
  /** The worker's program and first arguments; the directory, or '-', is added. */
  workerCommand: readonly string[]
  starter: WorkerStarter
  /** What the upload says about package and release; undefined members where it says nothing. */
  subjectOf: (task: Task) => Subject
  /** What is done while no task runs. */
  indexes?: Pick<IndexMaker, 'begin' | 'stop'>
  metrics: Metrics
}

export interface Load {
  /** These three `/settings` shows and the 503 counts. */
  running: number
  queued: number
  uploading: number
  /** Tasks that run again, or wait to, with memory that came from their clients. */
  goingOn: number
}
