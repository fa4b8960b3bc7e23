/** Podman with a storage of its own in a folder, on machines that let it have no control groups, too. Owns that storage. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'
import { installationRoot } from '../../src/program/program.ts'
import type { Said } from './root.ts'

const run = promisify(execFile)

/** What a container runs with here: this machine's network, its limits, no control group. */
const HERE = ['--network=host', '--cgroups=disabled', '--ulimit=nofile=4096:4096', '--ulimit=nproc=8192:8192']

/**
 * crun refuses where version 1 and version 2 are both mounted: then the latter is not there for podman. All calls share the one place
 * without it, since what a container has as its root is mounted there alone. It ends with its input.
 */
const WITHOUT_V2 = 'umount /sys/fs/cgroup/unified 2>/dev/null; echo ready; exec cat'

export class Podman {
  readonly #environment: Record<string, string | undefined>
  readonly #started: string[] = []
  #place: Promise<ChildProcess> | undefined

  /** CONTAINERS_STORAGE_CONF names another storage: images that are in it are not made anew. */
  constructor(folder: string) {
    const storage = env.CONTAINERS_STORAGE_CONF ?? join(folder, 'storage.conf')
    if (!existsSync(storage)) {
      writeFileSync(
        storage,
        `[storage]\ndriver = "overlay"\ngraphroot = "${join(folder, 'graph')}"\nrunroot = "${join(folder, 'run')}"\n`,
      )
    }
    this.#environment = { ...env, CONTAINERS_STORAGE_CONF: storage }
  }

  /** What Containerfile makes on ops/container/base. */
  build(): void {
    const options = { env: this.#environment, stdio: 'inherit', cwd: installationRoot(), timeout: 1_700_000 } as const
    const base = 'localhost/abrt-retrace-base'
    if (!this.#has(base)) execFileSync('ops/container/base', [base], options)
    if (this.#has(IMAGE)) return
    execFileSync('buildah', [
      ...['bud', '--isolation', 'chroot', '--network', 'host', '-f', 'ops/container/Containerfile', '-t', IMAGE],
      ...['--build-arg', `BASE=${base}`, '.'],
    ], options)
  }

  #has(image: string): boolean {
    return execFileSync('buildah', ['images', '-q', '--filter', `reference=${image}`], {
      env: this.#environment,
      encoding: 'utf8',
    }).trim() !== ''
  }

  /** `podman run` of the image, until it ends. */
  run(options: readonly string[], ...words: string[]): Promise<Said> {
    return this.#podman('run', '--rm', ...HERE, ...options, IMAGE, ...words)
  }

  /** The same, in the background, under a name. */
  start(name: string, options: readonly string[], ...words: string[]): Promise<Said> {
    this.#started.push(name)
    return this.#podman('run', '-d', '--name', name, ...HERE, ...options, IMAGE, ...words)
  }

  exec(name: string, ...words: string[]): Promise<Said> {
    return this.#podman('exec', name, ...words)
  }

  logs(name: string): Promise<Said> {
    return this.#podman('logs', name)
  }

  /** SIGTERM, and what it ended with. */
  async stop(name: string): Promise<Said> {
    await this.#podman('stop', '--time', '60', name)
    return await this.#podman('inspect', '--format', '{{.State.ExitCode}}', name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#started.length > 0) await this.#podman('rm', '--force', '--time', '0', ...this.#started)
    if (env.CONTAINERS_STORAGE_CONF === undefined) await this.#podman('rmi', '--all', '--force')
    ;(await this.#place)?.stdin?.end()
  }

  async #podman(...words: string[]): Promise<Said> {
    try {
      const { pid } = await (this.#place ??= makePlace())
      const { stdout, stderr } = await run('nsenter', [`--mount=/proc/${pid}/ns/mnt`, 'podman', ...words], {
        env: this.#environment,
        timeout: 300_000,
        maxBuffer: 1 << 26,
      })
      return { status: 0, text: stdout + stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string }
      return { status: typeof code === 'number' ? code : -1, text: `${stdout ?? ''}${stderr ?? ''}` || String(error) }
    }
  }
}

const IMAGE = 'localhost/abrt-retrace'

async function makePlace(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', WITHOUT_V2], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}
