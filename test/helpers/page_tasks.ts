/** Tasks that have ended with results of a test's own, for pages that show them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { installationRoot } from '../../src/program/program.ts'
import type { TestServer } from './server.ts'
import { type CreatedTask, createTask, endOf } from './task.ts'

const FIXTURE = join(installationRoot(), 'test', 'fixtures', 'pages')

/** A task whose worker SUCCEED ended, with these files in place of its own. */
export async function taskWithResults(
  server: TestServer,
  files: Record<string, string | Uint8Array>,
): Promise<CreatedTask> {
  const task = await createTask(server)
  await endOf(server, task)
  for (const [name, content] of Object.entries(files)) writeFileSync(server.spool(task.id, name), content)
  return task
}

/** The results of test/fixtures/pages: a real crash of Python. */
export function pythonResults(): Record<string, Uint8Array | string> {
  const files = Object.fromEntries(
    readdirSync(FIXTURE).filter((name) => name.endsWith('.gz'))
      .map((name) => [name.replace('.gz', ''), gunzipSync(readFileSync(join(FIXTURE, name)))]),
  )
  const { sentence, outcome, signature, rating } = JSON.parse(String(files['backtrace.json']))
  const { duphash, stable } = signature
  const crash = { sentence, duphash, signature: stable, rating: rating?.value ?? null, update: null }
  return {
    ...files,
    'outcome.json': JSON.stringify({ ...outcome, package: 'python3.11-minimal', release: 'debian-12-amd64', crash }),
  }
}

/** A `backtrace.json` of so many threads with so many frames, each of another stack. */
export function largeResults(
  { threads, frames, locals }: { threads: number; frames: number; locals: number },
): Record<string, string> {
  const variable = (index: number) => ({
    name: `local_${index}`,
    type: 'unsigned int',
    kind: 'integer',
    value: String(index),
    state: 'whole',
  })
  const json = {
    version: 3,
    sentence: 'crash of debian-12 read address 0x0 in inner (crash.c:12)',
    threads: Array.from({ length: threads }, (_, thread) => ({
      number: thread + 1,
      lwp: 1000 + thread,
      crashed: thread === 0,
      frames: Array.from({ length: frames }, (_, level) => ({
        level,
        kind: 'normal',
        address: `0x${(0x401000 + level).toString(16)}`,
        function: `function_${thread}_${level}`,
        file: 'crash.c',
        line: level + 1,
        arguments: [variable(level)],
        locals: Array.from({ length: locals }, (_, index) => variable(index)),
        path: '/usr/bin/crash',
        trust: 'exact',
      })),
      stopped: null,
      more_frames: false,
    })),
    modules: [{
      kind: 'executable',
      path: '/usr/bin/crash',
      status: 'exact',
      package: 'crash_1.0-1_amd64',
      build_id: 'ab'.repeat(20),
    }],
    limits: [],
  }
  return { 'backtrace.json': JSON.stringify(json) }
}
