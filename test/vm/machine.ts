/**
 * A virtual machine that was started by ops/lib/vm, and the commands that it takes: one after the other, each with a time
 * limit, as root. The machine ends with this process, however that ends.
 */
import { Buffer } from 'node:buffer'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { installationRoot } from '../../src/program/program.ts'

const BOOT_MS = 600_000
/** Beyond a command's own limit: for the channel, and for the SIGKILL that follows the SIGTERM. */
const MORE_MS = 60_000

export interface Parts {
  /** Folder with disk, kernel and initrd (ops/lib/vm image). */
  readonly image: string
  /** The product's archive (ops/lib/vm product). */
  readonly product: string
  /** For the socket. */
  readonly folder: string
  /** For the kernel's command line. */
  readonly kernelWords: readonly string[]
}

/** What a command did: its exit code (124: its time was up), and its standard output and error together. */
export interface Said {
  readonly code: number
  readonly text: string
}

export class Machine implements AsyncDisposable {
  readonly #qemu: ChildProcess
  readonly #socket: string
  #console = ''
  #channel: Socket | undefined
  #answers: string[] = []
  #wake: () => void = () => undefined
  #end: string | undefined

  private constructor(qemu: ChildProcess, socket: string) {
    this.#qemu = qemu
    this.#socket = socket
    const listen = (chunk: string) => this.#console = (this.#console + chunk).slice(-20_000)
    qemu.stdout?.setEncoding('utf8').on('data', listen)
    qemu.stderr?.setEncoding('utf8').on('data', listen)
    qemu.on('exit', (code, signal) => this.#over(`qemu ended (${code ?? signal})`))
  }

  /** Resolves when it takes commands. Throws with the end of its console when it does not. */
  static async boot({ image, product, folder, kernelWords }: Parts): Promise<Machine> {
    const socket = join(folder, 'agent')
    const words = ['boot', image, product, socket, ...kernelWords]
    const program = join(installationRoot(), 'ops', 'lib', 'vm')
    const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const machine = new Machine(qemu, socket)
    await machine.#connect()
    await machine.awaitBoot()
    return machine
  }

  /** Resolves when the next start of its system takes commands. */
  async awaitBoot(): Promise<void> {
    const ready = await this.#answer(BOOT_MS)
    if (ready !== 'ready') throw new Error(`Expected 'ready', got '${ready}'`)
  }

  /** Runs a script of the shell. What takes a second elsewhere takes a minute in an emulated machine on a busy one. */
  async run(script: string, seconds = 240): Promise<Said> {
    this.#channel?.write(`${seconds} ${Buffer.from(script).toString('base64')}\n`)
    const [code, text = ''] = (await this.#answer(seconds * 1000 + MORE_MS)).split(' ')
    return { code: Number(code), text: Buffer.from(text, 'base64').toString('utf8') }
  }

  /** The same; throws what it said when it failed. The text has no blanks at its ends. */
  async get(script: string, seconds?: number): Promise<string> {
    const { code, text } = await this.run(script, seconds)
    if (code !== 0) throw new Error(`Exit code ${code} of: ${script}\n${text}`)
    return text.trim()
  }

  /** Starts its system again at once: what was not flushed is lost. awaitBoot() is next. */
  cutPower(): void {
    this.#channel?.write(`9 ${Buffer.from('echo b >/proc/sysrq-trigger').toString('base64')}\n`)
  }

  /** Asks until a script succeeds. Throws what it said last. */
  async until(script: string, seconds = 300): Promise<string> {
    let said: Said = { code: -1, text: '' }
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await pause(300)) {
      said = await this.run(script)
      if (said.code === 0) return said.text.trim()
    }
    throw new Error(`Not within ${seconds} s: ${script}\n${said.text}`)
  }

  /** The end of what its console has shown. */
  get console(): string {
    return this.#console
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel?.destroy()
    if (this.#qemu.exitCode !== null || this.#qemu.signalCode !== null) return
    this.#qemu.kill('SIGKILL')
    await once(this.#qemu, 'exit')
  }

  async #connect(): Promise<void> {
    for (let tries = 0; this.#end === undefined; tries++) {
      const channel = connect(this.#socket)
      const isOpen = await new Promise((resolve) => {
        channel.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      if (isOpen) {
        this.#channel = channel.on('error', () => undefined)
        createInterface({ input: channel }).on('line', (line) => {
          this.#answers.push(line)
          this.#wake()
        })
        return
      }
      if (tries > 300) break
      await pause(100)
    }
    throw new Error(`The machine did not start: ${this.#end ?? 'no socket'}\n${this.#console}`)
  }

  async #answer(limitMs: number): Promise<string> {
    for (const deadline = Date.now() + limitMs;;) {
      const line = this.#answers.shift()
      if (line !== undefined) return line
      const left = deadline - Date.now()
      if (this.#end !== undefined || left <= 0) {
        throw new Error(`The machine does not answer: ${this.#end ?? 'its time is up'}\n${this.#console}`)
      }
      const timer = setTimeout(() => this.#wake(), left)
      await new Promise<void>((resolve) => this.#wake = resolve)
      clearTimeout(timer)
    }
  }

  #over(why: string): void {
    this.#end = why
    this.#wake()
  }
}
