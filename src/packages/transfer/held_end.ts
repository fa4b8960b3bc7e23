/**
 * A server that ends its connection behind the answer (HTTP/1.0 does) while we hold the body back ends the whole program:
 * undici 7 asserts that its parser is not paused then, outside of any promise (undici 8 has it mended, and
 * needs Node 22). Here the end waits until the body is read on. It is told by a field of undici's own; when that is gone,
 * nothing is held.
 */
import { channel, subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const CONNECTED = 'undici:client:connected'
const ENDS = new Set(['end', 'error', 'close'])
const POLL_MS = 10

/** From now on for each connection that undici makes in this process; more than once is as good as once. */
export function holdEnds(): void {
  if (!channel(CONNECTED).hasSubscribers) subscribe(CONNECTED, onConnected)
}

function onConnected(message: unknown): void {
  if (typeof message === 'object' && message !== null && 'socket' in message) holdEnd(message.socket as Socket)
}

function holdEnd(socket: Socket): void {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string, ...args: unknown[]) => {
    const parser = ENDS.has(event) ? parserOf(socket) : undefined
    if (parser?.paused !== true) return emit(event, ...args)
    if (event === 'end') {
      whenRead(socket, () => emit('end'))
      return true
    }
    // Nothing more can come: what is missing of the body is a failure of the request, which its reader sees.
    parser.paused = false
    return emit(event, ...args)
  }
}

function whenRead(socket: Socket, act: () => void): void {
  const timer = setInterval(() => {
    if (!socket.destroyed && parserOf(socket)?.paused === true) return
    clearInterval(timer)
    if (!socket.destroyed) act()
  }, POLL_MS)
}

function parserOf(socket: Socket): { paused: unknown } | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  const parser: unknown = key === undefined ? undefined : Reflect.get(socket, key)
  return typeof parser === 'object' && parser !== null && 'paused' in parser ? parser : undefined
}
