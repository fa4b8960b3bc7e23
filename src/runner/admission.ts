/**
 * The place that an upload takes from its first header to the end of its task (docs/http.md, 'POST /create'). What runs
 * and what waits is the runner's business.
 */
import type { Task } from '../task/task.ts'
import type { WorkerProcess } from './worker_process.ts'

/** One place among those running, queued and uploading. Disposing it gives it back, unless a task has taken it over. */
export class Admission implements Disposable {
  #release: (() => void) | undefined
  #share: Disposable | undefined
  #prestart: ((draft: string) => WorkerProcess | undefined) | undefined
  #worker: WorkerProcess | undefined

  /** `share`: of what its client may have at once. */
  constructor(
    options: { release: () => void; share: Disposable; prestart: (draft: string) => WorkerProcess | undefined },
  ) {
    this.#release = options.release
    this.#share = options.share
    this.#prestart = options.prestart
  }

  /**
   * Starts the worker while the upload still arrives, so that loading it costs the task nothing. `draft` is the directory
   * that becomes the task's. Does nothing when the task would have to wait anyhow; once per
   * admission.
   */
  prestart(draft: string): void {
    const start = this.#prestart
    this.#prestart = undefined
    if (start !== undefined) this.#worker = start(draft)
  }

  /**
   * Hands the place, its client's share, and the worker that waits for a directory, to a task: disposing does nothing from here on.
   */
  handOver(task: Task): { worker: WorkerProcess | undefined; share: Disposable | undefined } {
    if (this.#release === undefined) throw new Error(`The admission of task ${task.id} was used or given back before`)
    const [worker, share] = [this.#worker, this.#share]
    this.#worker = this.#share = undefined
    this.#prestart = undefined
    this.#release()
    this.#release = undefined
    return { worker, share }
  }

  [Symbol.dispose](): void {
    this.#worker?.kill()
    this.#worker = undefined
    this.#prestart = undefined
    this.#share?.[Symbol.dispose]()
    this.#share = undefined
    this.#release?.()
    this.#release = undefined
  }
}
