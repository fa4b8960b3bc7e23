/** The program `retrace` as it is built, run by a person with a home of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { env } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** As it is built. */
export function builtProgram(): string[] {
  return ['node', join(installationRoot(), 'dist', 'client', 'retrace.js')]
}

/** Runs it to its end (150 s at most, which a busy machine needs), without a terminal, unless `through` brings one. */
export async function retrace(
  home: string,
  args: string[],
  { input, environment = {}, program = builtProgram(), through = (words) => words }: {
    input?: Uint8Array
    environment?: Record<string, string>
    /** Another way to start it. */
    program?: readonly string[]
    /** What starts that. */
    through?: (words: readonly string[]) => readonly string[]
  } = {},
): Promise<Ran> {
  const [first = '', ...rest] = through([...program, ...args])
  const child = spawn(first, rest, {
    env: { PATH: env.PATH, HOME: home, TMPDIR: home, ...environment },
    stdio: 'pipe',
    timeout: 150_000,
    killSignal: 'SIGKILL',
  })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => ran.stdout += text)
  child.stderr.setEncoding('utf8').on('data', (text: string) => ran.stderr += text)
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = await once(child, 'close') as [number | null]
  return { ...ran, code }
}
