/**
 * Tasks for tests: uploads that a server accepts, and workers that do what a test needs in place of a retrace. A
 * scripted worker is started as the real one is: through `setpriv`, with the directory as its last argument or, for
 * '-', on its standard input.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { designMembers, tarOf } from './archives.ts'
import type { Client } from './client.ts'
import type { Folder } from './folder.ts'
import type { TestServer } from './server.ts'

export interface CreatedTask {
  id: string
  password: string
  estimate: number
}

/** Sends the design's archive and takes the empty answer of `Prefer: respond-async`. Throws what else is answered. */
export async function createTask(
  { client }: { client: Client },
  members: Record<string, string | Uint8Array> = designMembers(),
): Promise<CreatedTask> {
  const reply = await client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
    body: tarOf(members),
  })
  if (reply.status !== 201) throw new Error(`Expected 201, got ${reply.status}: ${reply.text}`)
  return {
    id: String(reply.headers['x-task-id']),
    password: String(reply.headers['x-task-password']),
    estimate: Number(reply.headers['x-task-est-time']),
  }
}

/** Polls until the task has ended; its final status. Throws after `milliseconds`. */
export async function endOf(
  { client }: Pick<TestServer, 'client'>,
  { id, password }: CreatedTask,
  milliseconds = 30_000,
): Promise<string> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline;) {
    const status = String((await client.ask(`/${id}`, { password })).headers['x-task-status'])
    if (status !== 'PENDING') return status
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  throw new Error(`Task ${id} has not ended after ${milliseconds} ms`)
}

/** A worker that runs shell commands in the task's directory, which is also $1. */
export function scriptedWorker(folder: Folder, commands: string): readonly string[] {
  const path = folder.file('worker')
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = - ] && { read -r DIR || exit 2; set -- "$DIR"; }\ncd "$1" || exit 2\n${commands}\n`,
  )
  chmodSync(path, 0o755)
  return [path]
}

/** Shell commands that end a task well, as the real worker does: every file by rename, `retrace-log` last. */
export const SUCCEED = `
echo debug > step
echo 'debug: gdb is running'
printf '{"code":"ok","summary":"All is well.","next_step":null,"package":"bash","release":"debian-12-amd64"}' > o
mv o outcome.json
printf '[]' > m && mv m modules.json
printf '{"version":1}' > j && mv j backtrace.json
printf 'Thread 1\\n#0  crash () at crash.c:3\\n' > b && mv b backtrace
cp worker.log l && mv l retrace-log
rm -f coredump
`

/** Shell commands that end a task without a backtrace. */
export const FAIL = `
echo 'read: the core is no core' >&2
printf '{"code":"core-not-elf","summary":"The core is no ELF file.","next_step":"Send the core itself."}' > o
mv o outcome.json
cp worker.log l && mv l retrace-log
rm -f coredump
exit 1
`

/** Resolves when `condition` holds. Throws after `milliseconds`. */
export async function eventually(condition: () => boolean | Promise<boolean>, milliseconds = 30_000): Promise<void> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline;) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`It did not become true within ${milliseconds} ms: ${condition}`)
}
