/**
 * Which tasks run, which wait, and which may still come: admission, the queue, one worker process per running task, its
 * time limit, its end. Nothing in its memory is needed after a restart: that is all in the task's directory.
 */
import { join } from 'node:path'
import { environmentOf } from '../config/environment.ts'
import { asError } from '../errors/errno.ts'
import { log } from '../telemetry/log.ts'
import type { Task } from '../task/task.ts'
import { Admission } from './admission.ts'
import { Changes } from './changes.ts'
import { begin, hasStarted, type Job, secondsLeft, withResolvers } from './job.ts'
import type { Load, RunnerOptions } from './options.ts'
import { type Death, finish } from './finish.ts'
import { Shares } from './shares.ts'
import { beginnersAtOnce, mayBeginIn } from './pace.ts'
import { persist } from './patience.ts'
import { Places } from './places.ts'
import { draining, serverFull, tooManyTasks } from './room.ts'
import { type MemoryTurn, NO_MEMORY, Rounds, wantsMemory } from './rounds.ts'
import { workerMemoryMb } from './worker_memory.ts'
import { workerNiceness } from './worker_niceness.ts'
import type { WorkerProcess } from './worker_process.ts'

/** How long after RETRACE_TASK_TIMEOUT_S the worker may still take to write what it has. */
const GRACE_S = 15
/** How often the first that waits for memory looks again, since other programs tell nobody, and how often running ones are weighed. */
const MEMORY_INTERVAL_MS = 500

export class Runner {
  readonly #options: RunnerOptions
  readonly #places: Places
  /** Tasks between start() and their end, in the order in which they came. */
  readonly #jobs = new Map<string, Job>()
  readonly #spare = new Set<WorkerProcess>()
  /** Tasks between two runs; those are no jobs, but what ends one is. */
  readonly #rounds = new Rounds({
    goOn: (job) => this.#enqueue(job.task, { ...job, goesOn: true }),
    giveUp: (job) => this.#settle(job),
  })
  /** Places of each client, those of uploads too. */
  readonly #shares: Shares
  /** A task has started, ended or was stopped. */
  readonly #changes = new Changes()
  #uploading = 0
  #closing = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#shares = new Shares(options.config.maxTasksPerClient)
    this.#places = new Places(options.config.maxRunningTasks)
  }

  /** Throws server-full (503 with Retry-After), too-many-tasks (429) of this client, or draining while the server stops. */
  demandRoom(client: string): void {
    const { config } = this.#options
    this.demandOpen()
    const newcomers = this.#newcomers()
    const isFull = newcomers.length + this.#uploading >= config.maxRunningTasks + config.maxQueuedTasks
    if (isFull) throw serverFull(config, this.#retryAfter(newcomers))
    if (this.#shares.isFull(client)) throw tooManyTasks(config, this.#retryAfter([...this.#jobs.values()]))
  }

  /** Throws draining while the server stops. */
  demandOpen(): void {
    if (this.#closing) throw draining()
  }

  /** A place for an upload of a client. Throws as `demandRoom` does. */
  admit(client: string): Admission {
    this.demandRoom(client)
    this.#uploading++
    return new Admission({
      release: () => void this.#uploading--,
      share: this.#shares.take(client),
      prestart: (draft) => this.#prestart(draft),
    })
  }

  /** Queues an accepted task; the place of its admission becomes the task's. Never throws for what the task holds. */
  start(task: Task, admission: Admission): void {
    this.#enqueue(task, { accepted: Date.now(), ...admission.handOver(task) })
  }

  /**
   * Queues a task that an earlier server accepted and did not finish: over the limits, if need be, and nobody's share. What it takes
   * counts from now on: all of it is done again, and that the server was down says nothing about it.
   */
  resume(task: Task): void {
    this.#enqueue(task, { accepted: Date.now(), worker: undefined, share: undefined })
  }

  /** Kills a task's worker with everything it started, or takes the task out of the queue; resolves when it is so. */
  async stop(id: string): Promise<void> {
    this.#rounds.drop(id)
    const job = this.#jobs.get(id)
    if (job === undefined) return
    job.stopped = true
    job.worker?.kill()
    this.#places.leave(job)
    this.#changes.tell()
    await job.ended
  }

  /** Seconds that the task waits at most for memory from its client; undefined: it does not. */
  memoryWait(id: string): number | undefined {
    return this.#rounds.secondsLeft(id)
  }

  /** Undefined: the task waits for no memory, or somebody brings it just now. */
  memoryTurn(id: string): MemoryTurn | undefined {
    return this.#rounds.turn(id)
  }

  /** Place in the queue, from 1, with the seconds until the expected start; undefined when it runs, or has ended. */
  position(id: string): { place: number; startsIn: number } | undefined {
    const job = this.#jobs.get(id)
    if (job === undefined || job.started !== undefined) return undefined
    return this.#places.position(job, [...this.#jobs.values()], secondsLeft)
  }

  load(): Load {
    const newcomers = this.#newcomers()
    const running = newcomers.filter(hasStarted).length
    return {
      running,
      queued: newcomers.length - running,
      uploading: this.#uploading,
      goingOn: this.#jobs.size - newcomers.length,
    }
  }

  /** Whole seconds that the task is expected to take once it runs. */
  async estimate(task: Task): Promise<number> {
    return await Promise.resolve(this.#options.estimates.seconds(this.#options.subjectOf(task)))
  }

  /** From here on nothing is admitted and nothing that waits begins; what runs goes on. */
  drain(): void {
    this.#closing = true
    this.#options.indexes?.stop()
    this.#places.pause()
    this.#changes.tell()
  }

  /** Where nothing runs or waits, what can wait for that begins. */
  idle(): void {
    if (this.#jobs.size + this.#spare.size === 0 && !this.#closing) this.#options.indexes?.begin()
  }

  /** Stops all workers and leaves their tasks as they are: the next server runs them again. */
  async close(): Promise<void> {
    this.drain()
    this.#rounds.dropAll()
    const spare = [...this.#spare]
    for (const worker of spare) worker.kill()
    await Promise.all([...[...this.#jobs.keys()].map((id) => this.stop(id)), ...spare.map(({ ended }) => ended)])
    await this.#options.starter.close()
  }

  #running(): Job[] {
    return [...this.#jobs.values()].filter(hasStarted)
  }

  /** Those that the limits of running and of waiting tasks count. */
  #newcomers(): Job[] {
    return [...this.#jobs.values()].filter(({ goesOn }) => !goesOn)
  }

  #retryAfter(jobs: readonly Job[]): number {
    const running = jobs.filter(hasStarted).map(secondsLeft)
    // Where none runs, one that waits for its client is the first that may end.
    const first = running.length > 0 ? Math.min(...running) : this.#rounds.soonest() ?? 600
    return Math.min(600, Math.max(5, Math.ceil(first)))
  }

  /** None where its task would have to wait; where no processor is free, it is loaded, and prepares nothing. */
  #prestart(draft: string): WorkerProcess | undefined {
    const isFull = this.#newcomers().length + this.#spare.size >= this.#options.config.maxRunningTasks
    if (this.#closing || isFull || this.#spare.size >= beginnersAtOnce() || this.#pause() > 0) return undefined
    this.#options.indexes?.stop()
    const worker = this.#spawn('-', join(draft, 'worker.log'), this.#niceness === 0 ? draft : undefined)
    this.#spare.add(worker)
    void worker.ended.then(() => {
      this.#spare.delete(worker)
      this.idle()
    })
    return worker
  }

  get #niceness(): number {
    return workerNiceness(this.#jobs.size + this.#spare.size)
  }

  #spawn(argument: string, path: string, draft?: string): WorkerProcess {
    const { config, workerCommand, starter } = this.#options
    return starter.start({
      command: workerCommand,
      argument,
      draft,
      log: path,
      settings: environmentOf(['abrt-retrace-worker'], config),
      memoryMb: workerMemoryMb(config),
      niceness: this.#niceness,
    })
  }

  #enqueue(
    task: Task,
    { accepted, worker, share, waitedMs = 0, goesOn = false }:
      & Pick<Job, 'accepted' | 'worker' | 'share'>
      & Partial<Pick<Job, 'waitedMs' | 'goesOn'>>,
  ): void {
    const { promise, resolve } = withResolvers()
    const job: Job = {
      task,
      accepted,
      waitedMs,
      goesOn,
      worker,
      share,
      estimate: this.#options.config.defaultEstTimeS,
      demand: this.#options.memory.demand(task, { whole: true }),
      isPutBack: false,
      needsAll: false,
      started: undefined,
      stopped: false,
      ended: promise,
    }
    this.#jobs.set(task.id, job)
    this.#options.indexes?.stop()
    void this.estimate(task).then((seconds) => job.estimate = seconds).catch(() => undefined)
    void this.#places.hold(job, () => this.#run(job)).catch((cause) => this.#giveUp(job, cause))
      .finally(() => this.#forget(job, resolve))
  }

  /** It neither runs nor is queued any more; of one that waits for memory its client keeps the place. */
  #forget(job: Job, resolve: () => void): void {
    const { id } = job.task
    if (this.#jobs.get(id) === job) this.#jobs.delete(id)
    if (!this.#rounds.has(id)) job.share?.[Symbol.dispose]()
    this.#changes.tell()
    this.idle()
    resolve()
  }

  async #run(job: Job): Promise<void> {
    const { task } = job
    for (;;) {
      await this.#memory(job)
      // A task can be deleted at any await, and before it was ever queued.
      if (job.stopped || this.#closing || !task.exists()) return job.worker?.kill()
      const now = job.started = Date.now()
      this.#changes.tell()
      await this.#persist(job, () => begin(task, now))
      if (job.stopped || this.#closing) return job.worker?.kill()
      const end = await this.#work(job)
      if (job.stopped || this.#closing) return
      if (wantsMemory(task, end)) {
        return this.#rounds.wait({ ...job, worker: undefined }, this.#options.config.roundWaitS)
      }
      // One that was lost with what started it runs again, once.
      job.isPutBack ||= end.end.isLost === true && !job.needsAll
      if (!job.isPutBack || task.hasEnded()) return await this.#finish(job, end)
      this.#waitAnew(job)
    }
  }

  /** No memory came: the result that was kept aside is the task's. It takes no place among those that run. */
  #settle(job: Job): void {
    const { promise, resolve } = withResolvers()
    job.goesOn = true
    job.ended = promise
    this.#jobs.set(job.task.id, job)
    void this.#finish(job, { end: { code: 0, signal: null }, timedOut: false }, NO_MEMORY)
      .catch((cause) => this.#giveUp(job, cause))
      .finally(() => this.#forget(job, resolve))
  }

  /** An estimate was wrong, and its worker is gone: it waits until all that it may have is free. */
  #waitAnew(job: Job): void {
    job.started = job.worker = undefined
    job.isPutBack = false
    job.needsAll = true
    this.#changes.tell()
  }

  /** Milliseconds until one more may begin. */
  #pause(): number {
    return mayBeginIn(this.#running().map(({ started = 0 }) => started), Date.now())
  }

  /** Waits until it is this task's turn, few others begin, and what it is expected to take fits beside the running ones. */
  async #memory(job: Job): Promise<void> {
    while (!job.stopped && !this.#closing) {
      const isNext = this.#places.isNext(job)
      if (isNext) job.demand = this.#options.memory.demand(job.task, { whole: job.needsAll })
      const pause = this.#pause()
      if (isNext && pause === 0 && this.#options.memory.fits(job, this.#running())) return
      await this.#changes.next(isNext ? pause || MEMORY_INTERVAL_MS : undefined)
    }
  }

  async #work(job: Job): Promise<Death> {
    const directory = job.task.directory
    // A worker that was started early and died meanwhile is replaced.
    const spare = job.worker !== undefined && this.#spare.delete(job.worker) ? job.worker : undefined
    spare?.assign(directory)
    job.worker = spare ?? this.#spawn(directory, job.task.file('worker.log'))
    const worker = job.worker
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      worker.kill()
    }, (this.#options.config.taskTimeoutS + GRACE_S) * 1000)
    const weighing = setInterval(() => {
      if (job.isPutBack || !this.#options.memory.weigh(job, this.#running())) return
      job.isPutBack = true
      worker.kill()
    }, MEMORY_INTERVAL_MS)
    const end = await worker.ended
    clearTimeout(timer)
    clearInterval(weighing)
    return { end, timedOut }
  }

  /** Waits while the disk is full: a task whose end is not written would stay PENDING until the next start. */
  async #persist(job: Job, act: () => Promise<void> | void): Promise<void> {
    await persist(job.task.id, { act, isOver: () => job.stopped || this.#closing })
  }

  async #finish(job: Job, death: Death, whyAside?: string): Promise<void> {
    const isOver = () => job.stopped || this.#closing
    await finish(job, death, { options: this.#options, isOver, ...(whyAside && { whyAside }) })
  }

  /** What kept a task from being run is said in its outcome, too: it would be met again at every start. */
  async #giveUp(job: Job, cause: unknown): Promise<void> {
    const { task } = job
    log('runner').error(`Could not run the task: ${cause instanceof Error ? cause.stack : cause}`, { task: task.id })
    job.worker?.kill()
    try {
      await this.#finish(job, { end: { code: null, signal: null, error: asError(cause) }, timedOut: false })
    } catch (second) {
      log('runner').error(`Could not end the task: ${asError(second).message}`, { task: task.id })
    }
  }
}
