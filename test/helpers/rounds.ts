/**
 * Tasks that go on in rounds, for tests: a worker that asks for memory once, as the real one does where the client agreed to send
 * more, clients that send it, and what is left of it all.
 */
import { Buffer } from 'node:buffer'
import { readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { designMembers, tarOf } from './archives.ts'
import type { TestServer } from './server.ts'
import { type CreatedTask, eventually } from './task.ts'

export const WANTED = [{ start: '0x1000', length: 4096 }, { start: '0x5000', length: 512 }]

/** A first run that lacks memory, and keeps its result aside, as the real worker does where the client agreed to send more. */
const ASK = `
mkdir a
printf 'first result\\n' > a/backtrace
printf '{"code":"ok","summary":"The first.","next_step":null}' > a/outcome.json
cp worker.log a/retrace-log
printf '{"round":1,"rounds":3,"ranges":${JSON.stringify(WANTED)}}' | tee a/wanted > w
mv a aside-1
mv w wanted
exit 0`
/** Before what the second run does. */
export const ROUNDS = `echo 'debug: a run'\n[ -e rounds ] && [ ! -e memory ] && {${ASK}\n}\n`

export async function createTask({ client }: Pick<TestServer, 'client'>, rounds = '3'): Promise<CreatedTask> {
  const reply = await client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async', 'X-Task-Rounds': rounds },
    body: tarOf(designMembers()),
  })
  expect(reply.status).toBe(201)
  return { id: String(reply.headers['x-task-id']), password: String(reply.headers['x-task-password']), estimate: 0 }
}

interface RoundsStatus {
  state: string
  step: string | null
  queue_position: number | null
  expected_start: string | null
  wanted: { round: number; ranges: typeof WANTED } | null
}

export async function statusOf(
  { client }: Pick<TestServer, 'client'>,
  { id, password }: CreatedTask,
): Promise<RoundsStatus> {
  const reply = await client.ask(`/${id}`, { password, headers: { Accept: 'application/json' } })
  return JSON.parse(reply.text) as RoundsStatus
}

/** A task whose worker has asked. */
export async function waitingTask(server: Pick<TestServer, 'client'>): Promise<CreatedTask> {
  const task = await createTask(server)
  await eventually(async () => (await statusOf(server, task)).wanted !== null)
  return task
}

/** Memory as it is sent. */
export function record(start: bigint, bytes: number, { claims = bytes } = {}): Buffer {
  const head = Buffer.alloc(12)
  head.writeBigUInt64BE(start)
  head.writeUInt32BE(claims, 8)
  return Buffer.concat([head, Buffer.alloc(bytes, 7)])
}

export async function post(
  { client }: Pick<TestServer, 'client'>,
  { id, password }: CreatedTask,
  body: Uint8Array,
  headers: Record<string, string> = { 'Content-Type': 'application/octet-stream' },
): Promise<{ status: number | undefined; code: unknown }> {
  const reply = await client.ask(`/${id}/memory`, {
    method: 'POST',
    password,
    headers: { Accept: 'application/problem+json', ...headers },
    body,
  })
  return { status: reply.status, code: reply.text.startsWith('{') ? JSON.parse(reply.text).code : undefined }
}

export async function backtraceOf(
  { client }: Pick<TestServer, 'client'>,
  { id, password }: CreatedTask,
): Promise<string> {
  return (await client.ask(`/${id}/backtrace`, { password })).text
}

/** Nothing of the rounds is left, nor the core. */
export function leftovers(server: Pick<TestServer, 'spool'>, { id }: CreatedTask): string[] {
  return readdirSync(server.spool(id)).filter((name) => /coredump|wanted|memory|aside|partial/.test(name))
}
