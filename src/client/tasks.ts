/** The commands about tasks that were sent before: list, show, status, log, delete. */
import { stdout } from 'node:process'
import { escapeText } from '../text/escape.ts'
import { age } from './about.ts'
import type { Command } from './command_line.ts'
import { ClientFailure, EXIT } from './failure.ts'
import { forget, type SentTask, sentTasks } from './memory.ts'
import { print, showBacktrace } from './result.ts'
import type { Tools } from './retrace.ts'
import { ask, firstLine } from './send.ts'
import { MAX_ANSWER, type Server } from './server.ts'

/** A line for each, the newest first. */
export function listTasks(tools: Tools): number {
  const tasks = sentTasks(tools.environment.stateFolder).toReversed()
  for (const { id, server, time, about } of tasks) {
    stdout.write(
      `${escapeText(`${id.padStart(6)}  ${age(Date.now() - time * 1000).padEnd(16)} ${server}  ${about}`)}\n`,
    )
  }
  if (tasks.length === 0) stdout.write('No task was sent from here\n')
  return EXIT.backtrace
}

/** Resolves to an exit code. */
export async function aboutTask(
  { kind, options }: Extract<Command, { id: string }>,
  task: SentTask,
  server: Server,
  { environment, signal }: Tools,
): Promise<number> {
  if (kind === 'show') {
    const { isPlain, pager } = environment
    return await showBacktrace(server, task, { options, isPlain, pager, signal })
  }
  if (kind === 'delete') return await deleteTask(server, task, { environment, signal })
  const accept = kind === 'status' && options.shape === 'json' ? { accept: 'application/json' } : {}
  const answer = await ask(server, task, kind === 'log' ? '/log' : '', { ...accept, signal })
  const text = await answer.text(MAX_ANSWER)
  if (answer.status !== 200) throw new ClientFailure(`The server says (${answer.status}): ${firstLine(text)}`)
  print(`${escapeText(text.trimEnd(), { keep: '\t\n' })}\n`, { options })
  return EXIT.backtrace
}

/** Forgets it here, too, also where the server has deleted it before. */
async function deleteTask(
  server: Server,
  task: SentTask,
  { environment, signal }: Pick<Tools, 'environment' | 'signal'>,
): Promise<number> {
  const answer = await ask(server, task, '', { method: 'DELETE', signal })
  if (answer.status !== 204 && answer.status !== 404) {
    throw new ClientFailure(`The server did not delete it (${answer.status}): ${firstLine(await answer.text())}`)
  }
  forget(environment.stateFolder, task)
  stdout.write(answer.status === 204 ? `Task ${task.id} is deleted\n` : `Task ${task.id} was gone already\n`)
  return EXIT.backtrace
}
