/**
 * From Node's request to the app's answer: what has to happen before Hono and after it, for HTTP/1.1 and 2 alike.
 * Keeps count of the requests that are being answered, so that a stop can wait for them.
 */
import { EventEmitter, once } from 'node:events'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { plainErrorResponse } from '../http/error_response.ts'
import type { Incoming, Outgoing } from '../http/incoming.ts'
import { clientKey } from '../http/client_key.ts'
import { loggedPath } from '../http/logged_path.ts'
import { clientAddress, hopOf } from '../http/proxy.ts'
import { REFUSALS } from '../http/refusals.ts'
import type { AppEnv } from '../http/services.ts'
import { log } from '../telemetry/log.ts'
import { methodLabel, type Metrics } from '../telemetry/metrics.ts'
import { createRepeats } from '../telemetry/repeats.ts'
import { count } from '../text/count.ts'
import { quote } from '../text/escape.ts'
import { drainBeforeEnd, type DrainBounds, drainBounds } from './drain.ts'

/** What logs of web servers have where the client closed the connection before its answer began. */
const CLIENT_GONE: number = REFUSALS['client-gone'].status

export type Fetch = (request: Request, env: AppEnv['Bindings']) => Response | Promise<Response>

export interface Listener {
  listen(incoming: Incoming, outgoing: Outgoing): void
  /** Resolves when every request has been answered whole, or after so long. */
  idle(milliseconds: number): Promise<void>
  /** From here on answers close their HTTP/1.1 connection. */
  closeConnections(): void
}

export function createListener(
  config: Pick<Config, 'maxPackedMb' | 'trustProxy'>,
  { fetch, metrics }: { fetch: Fetch; metrics: Metrics },
): Listener {
  const bounds: DrainBounds = drainBounds(config.maxPackedMb)
  const answers = new EventEmitter()
  const refused = createRepeats((kind, times) =>
    log('http').info(`${count(times, 'more answer')} ${kind} within a minute`)
  )
  let open = 0
  let closing = false
  const respond = getRequestListener(fetch as Parameters<typeof getRequestListener>[0], {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
    // An HTTP/1.0 client need not say whom it asks; others are refused below.
    hostname: 'localhost',
    errorHandler: refuseRequest,
  })
  return {
    async idle(milliseconds) {
      if (open > 0) await once(answers, 'none', { signal: AbortSignal.timeout(milliseconds) }).catch(() => undefined)
    },
    closeConnections() {
      closing = true
      refused.flush()
    },
    listen(incoming, outgoing) {
      open++
      const started = Date.now()
      // A socket that has been closed does not know its peer any more.
      const from = clientAddress(hopOf(incoming), config.trustProxy)
      outgoing.once('close', () => {
        if (--open === 0) answers.emit('none')
        const took = Date.now() - started
        // Until an answer begins Node has a 200 there, which a client that went away never got.
        const status = outgoing.headersSent ? outgoing.statusCode : CLIENT_GONE
        metrics.requests.observe({ method: methodLabel(incoming.method), status }, took / 1000)
        if (status < 400 || refused.add(`${status} to ${quote(clientKey(from))}`)) {
          log('http').info(requestLine(incoming, { from, status, took }), taskOf(incoming))
        }
      })
      // The peer that resets its connection is no event; without a listener it would end the process.
      outgoing.on('error', (error) => log('http').debug(`The connection failed: ${error.message}`))
      incoming.on('error', (error) => log('http').debug(`The request failed: ${error.message}`))
      if (!incoming.complete) drainBeforeEnd(incoming, outgoing, bounds)
      if (closing && incoming.httpVersionMajor === 1) outgoing.setHeader('Connection', 'close')
      void respond(incoming, outgoing)
    },
  }
}

/** Who asked for what, and the answer; addresses of tasks are no secrets, those of uploads are, headers are not logged. */
function requestLine(incoming: Incoming, answer: { from: string; status: number; took: number }): string {
  const path = quote(loggedPath((incoming.url ?? '').split('?', 1)[0] ?? ''))
  const asked = `${incoming.method} ${path} (HTTP/${incoming.httpVersion}) from ${quote(answer.from)}`
  return `${answer.status} in ${answer.took} ms: ${asked}`
}

/** The task whose path was asked for, for the log. */
function taskOf(incoming: Incoming): { task?: string } {
  const task = /^\/([1-9][0-9]{0,14})(?:[/?]|$)/.exec(incoming.url ?? '')?.[1]
  return task === undefined ? {} : { task }
}

/** Node-server's own failures: an address that is none, or an answer that could not be made. */
function refuseRequest(error: unknown): Response {
  if (!(error instanceof Error && error.name === 'RequestError')) return plainErrorResponse(error)
  const detail = 'The address or the Host of the request is not valid'
  return plainErrorResponse(new RetraceError('bad-request', { detail, cause: error }))
}
