/**
 * Where a soak runs: a small file system of its own with spool, store and database, a repository, and a server that is killed
 * and started again in it. Clients ask for `url` anew each time, as it changes with the server.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { kill } from 'node:process'
import { type CrashWorld, crashWorld, runProgram } from '../helpers/crash_world.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, serverSettings, startServerChild } from '../helpers/server.ts'
import { residentMb } from '../bench/http.ts'

const SIZE_MB = 1024
const MIN_FREE_MB = 128
const FILLER = 'filler'

export interface Measures {
  rssMb: number
  descriptors: number
  /** Of the server, and of whatever else has its files below the place. */
  processes: number
  /** Names in the spool that are no tasks. */
  strays: string[]
  /** Control groups without their worker. */
  groups: number
}

export class Place implements AsyncDisposable {
  readonly folder: Folder
  readonly world: CrashWorld
  readonly #outer: Folder
  readonly #settings: Record<string, string>
  readonly #logs: string[] = []
  #server: ServerChild | undefined

  private constructor(outer: Folder, folder: Folder, world: CrashWorld) {
    this.#outer = outer
    this.folder = folder
    this.world = world
    this.#settings = {
      RETRACE_MIN_FREE_MB: String(MIN_FREE_MB),
      RETRACE_TASK_MEMORY_MB: '256',
      RETRACE_MAX_RUNNING_TASKS: '4',
      RETRACE_MAX_QUEUED_TASKS: '12',
      RETRACE_TASK_TIMEOUT_S: '120',
    }
  }

  /** Mounts, syncs, starts. Needs root. */
  static async make(): Promise<Place> {
    const outer = await temporaryFolder()
    await mkdir(outer.file('disk'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'soak', outer.file('disk')])
    const folder: Folder = {
      path: outer.file('disk'),
      file: (...names) => outer.file('disk', ...names),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const place = new Place(outer, folder, await crashWorld(folder))
    const first = await place.run('abrt-reposync')
    if (first.code !== 0) throw new Error(`abrt-reposync failed: ${first.text}`)
    await place.start()
    return place
  }

  /** As clients see it now; while it starts, the one before. */
  get url(): string {
    return this.#server?.url ?? 'https://127.0.0.1:9'
  }

  get ca(): string {
    return this.#server?.ca ?? ''
  }

  get pid(): number {
    return this.#server?.child.pid ?? 0
  }

  get logs(): string[] {
    return [...this.#logs, this.#server?.log() ?? '']
  }

  async start(): Promise<void> {
    this.#server = await startServerChild({ folder: this.folder, settings: this.#settings })
  }

  /** Ends the server and starts the next one; resolves to how it ended. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    const end = await this.#server?.end(signal) ?? 'nothing'
    this.#logs.push(this.#server?.log() ?? '')
    await this.start()
    return end
  }

  /** Kills a worker of the server, if one is there. */
  killWorker(): boolean {
    const worker = this.#family().filter(({ words }) => words.includes('abrt-retrace-worker'))
      .find(({ words }) => words.includes('node'))
    if (worker === undefined) return false
    kill(worker.pid, 'SIGKILL')
    return true
  }

  run(
    name: 'abrt-reposync' | 'abrt-retrace-clean',
    words: string[] = [],
  ): Promise<{ code: number | null; text: string }> {
    return runProgram(name, { ...serverSettings(this.folder).settings, ...this.#settings }, words)
  }

  /** Leaves no byte free; what becomes free is filled by the next call. */
  fillDisk(): void {
    const fill = 'cat /dev/zero >>"$0" 2>/dev/null || true'
    execFileSync('sh', ['-c', fill, this.folder.file(FILLER)], { timeout: 60_000 })
  }

  freeDisk(): void {
    rmSync(this.folder.file(FILLER), { force: true })
  }

  measure(): Measures {
    const names = readdirSync(this.folder.file('spool'))
    return {
      rssMb: Math.round(residentMb(this.pid)),
      descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      processes: this.#family().length,
      strays: names.filter((name) => !/^\d+$/.test(name) && !name.includes('lock')),
      groups: orphanedGroups(),
    }
  }

  /** Tasks in the statistics, which count each once. */
  countedCrashes(): number {
    const question = 'SELECT sum(count) FROM crash_count'
    return Number(execFileSync('sqlite3', ['-readonly', this.folder.file('database', 'retrace.db'), question]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
    await this.world[Symbol.asyncDispose]()
    execFileSync('umount', ['--lazy', this.folder.path])
    await this.#outer[Symbol.asyncDispose]()
  }

  /** The server, what it started, and whatever else works below the place. */
  #family(): { pid: number; words: string }[] {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      const words = textOf(`/proc/${name}/cmdline`).replaceAll('\0', ' ')
      const parent = Number(/^PPid:\s+(\d+)/m.exec(textOf(`/proc/${name}/status`))?.[1])
      return words === '' ? [] : [{ pid: Number(name), parent, words }]
    })
    const own = new Set([this.pid])
    for (let size = 0; size !== own.size;) {
      size = own.size
      for (const { pid, parent } of all) if (own.has(parent)) own.add(pid)
    }
    return all.filter(({ pid, words }) =>
      own.has(pid) || words.includes(this.folder.path) || worksBelow(pid, this.folder.path)
    )
  }
}

function worksBelow(pid: number, path: string): boolean {
  try {
    return [1, 2].some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(path))
  } catch {
    return false
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Control groups of workers that are no more. */
function orphanedGroups(): number {
  const places = textOf('/proc/self/mounts').split('\n').map((line) => line.split(' '))
    .filter(([, , type]) => type?.startsWith('cgroup')).map(([, path = '']) => path)
  return places.flatMap((path) => readdirSync(path)).map((name) => /^abrt-retrace-(\d+)-/.exec(name)?.[1])
    .filter((pid) => pid !== undefined && !existsSync(`/proc/${pid}`)).length
}
