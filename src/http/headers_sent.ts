/**
 * The moment at which the headers of an answer have left, for HTTP/1.1 and 2 alike. Node says when an answer has ended,
 * not when it begins.
 */
import { setImmediate } from 'node:timers/promises'
import type { Outgoing } from './incoming.ts'

/** Resolves when the headers have been handed to the connection, or never will be: the client has gone. */
export async function headersSent(outgoing: Outgoing): Promise<void> {
  if (!outgoing.headersSent && !isGone(outgoing)) await begun(outgoing)
  // What was written in this turn of the event loop leaves before the next.
  await setImmediate()
}

/** Every answer goes through `writeHead`, and is flushed in the same turn of the event loop. */
async function begun(outgoing: Outgoing): Promise<void> {
  await new Promise<void>((resolve) => {
    const writeHead = outgoing.writeHead.bind(outgoing) as (...head: unknown[]) => typeof outgoing
    const writeHeadAndTell = (...head: unknown[]) => {
      resolve()
      return writeHead(...head)
    }
    outgoing.writeHead = writeHeadAndTell as typeof outgoing.writeHead
    outgoing.once('close', resolve)
  })
}

function isGone(outgoing: Outgoing): boolean {
  return 'stream' in outgoing ? outgoing.stream.destroyed : outgoing.destroyed
}
