/** What a piece of work says to its administrator: the lines of its log, and what it prints. */
import { stdout } from 'node:process'
import { configure, reset } from '@logtape/logtape'
import { lineOf } from '../../src/telemetry/log.ts'

/** Does the work and resolves with its words, in order. One at a time in a process. */
export async function saidBy(work: () => Promise<unknown>): Promise<string> {
  const said: string[] = []
  const line = lineOf({ logFormat: 'text' })
  await configure({
    reset: true,
    sinks: { said: (record) => void said.push(`${line(record)}\n`) },
    loggers: [
      { category: ['retrace'], lowestLevel: 'info', sinks: ['said'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: [] },
    ],
  })
  const { write } = stdout
  stdout.write = (chunk: string | Uint8Array) => said.push(String(chunk)) > 0
  try {
    await work()
  } finally {
    stdout.write = write
    await reset()
  }
  return said.join('')
}
