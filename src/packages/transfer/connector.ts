/**
 * Connections that we make ourselves: to which address each went is known, and a guarded one goes to no address of this machine
 * or its network, whatever its name says: what counts is where it is really connected to.
 */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { FetchError } from '../format/error.ts'
import { isInner } from './inner_address.ts'

/** The last address that each origin was reached at, without a guard. */
const reached = new Map<string, string>()
/** Hosts of repositories and their mirrors; more are forgotten. */
const MAX_REACHED = 10_000

/** Whether the last connection to an origin led to an inner address; false where a proxy made it. */
export function wasInner({ origin }: URL): boolean {
  return isInner(reached.get(origin) ?? '')
}

/** `isGuarded`: inner addresses are refused, by FetchError 'refused'. */
export function connectorOf(options: buildConnector.BuildOptions, isGuarded: boolean): buildConnector.connector {
  const connect = buildConnector(isGuarded ? { ...options, lookup: outerLookup } as typeof options : options)
  return (wanted, done) => {
    if (isGuarded && isInner(wanted.hostname)) return done(refusal(wanted.hostname), null)
    connect(wanted, (...[error, socket]) => {
      // undici says undefined where it promises null.
      if (!socket) return done(error ?? refusal(wanted.hostname), null)
      const address = socket.remoteAddress ?? ''
      if (isGuarded && isInner(address)) {
        socket.on('error', () => undefined).destroy()
        return done(refusal(wanted.hostname), null)
      }
      if (!isGuarded) note(`${wanted.protocol}//${wanted.host}`, address)
      done(null, socket)
    })
  }
}

function note(origin: string, address: string): void {
  if (reached.size >= MAX_REACHED) reached.clear()
  reached.set(new URL(origin).origin, address)
}

/** What the system finds of a name, without what is inner. */
const outerLookup: LookupFunction = (hostname, options, done) => {
  systemLookup(hostname, { ...options as LookupOptions, all: true }, (error, found: LookupAddress[]) => {
    if (error !== null) return done(error, '', 0)
    const outer = found.filter(({ address }) => !isInner(address))
    const [first] = outer
    if (first === undefined) done(refusal(hostname), '', 0)
    else if (options.all === true) done(null, outer)
    else done(null, first.address, first.family)
  })
}

function refusal(host: string): FetchError {
  return new FetchError('refused', `A redirect leads to ${host}, which is in this machine's own network: refused`)
}
