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

/** Runs it to its end (60 s at most), without a terminal. */
export async function retrace(
  home: string,
  args: string[],
  { input, environment = {} }: { input?: Uint8Array; environment?: Record<string, string> } = {},
): Promise<Ran> {
  const child = spawn('node', [join(installationRoot(), 'dist', 'client', 'retrace.js'), ...args], {
    env: { PATH: env.PATH, HOME: home, TMPDIR: home, ...environment },
    stdio: 'pipe',
    timeout: 60_000,
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
