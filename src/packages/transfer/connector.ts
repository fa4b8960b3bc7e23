/**
 * Connections that we make ourselves, each on one side: to addresses of this machine and its network, or to those outside it,
 * whatever a name says. What counts is where it is really connected to, so that of each answer it is known from which
 * side it came.
 */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { FetchError } from '../format/error.ts'
import { isInner } from './inner_address.ts'

export type Side = 'outside' | 'inside'

/** The host is on the other side, or has no address on this one. Nothing was sent to it. */
export class OtherSide extends FetchError {
  constructor(host: string, side: Side) {
    super(
      'refused',
      side === 'outside'
        ? `${host} is in this machine's own network, and who points there is not: refused`
        : `${host} is not in this machine's own network`,
    )
  }
}

/** Throws OtherSide for an address, or a name of this machine, that is not on a side; other names are looked up later. */
export function demandSide(host: string, side: Side): void {
  const plain = host.replace(/^\[|\]$/g, '')
  const isOwnName = /(^|\.)localhost\.?$/i.test(plain)
  if (!isOwnName && isIP(plain) === 0) return
  if ((isOwnName || isInner(plain)) !== (side === 'inside')) throw new OtherSide(host, side)
}

/** Connects to addresses of one side alone; fails with OtherSide. */
export function connectorOf(options: buildConnector.BuildOptions, side: Side): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: lookupOn(side) } as typeof options)
  return (wanted, done) => {
    try {
      demandSide(wanted.hostname, side)
    } catch (error) {
      return done(error as Error, null)
    }
    connect(wanted, (...[error, socket]) => {
      // undici says undefined where it promises null.
      if (!socket) return done(error ?? new OtherSide(wanted.hostname, side), null)
      if (isInner(socket.remoteAddress ?? '') !== (side === 'inside')) {
        socket.on('error', () => undefined).destroy()
        return done(new OtherSide(wanted.hostname, side), null)
      }
      done(null, socket)
    })
  }
}

/** Whether the system finds an inner address for a name, or it is one; false for what is not found. */
export async function leadsInside(host: string): Promise<boolean> {
  const plain = host.replace(/^\[|\]$/g, '')
  if (isIP(plain) !== 0) return isInner(plain)
  return await new Promise((resolve) =>
    systemLookup(plain, { all: true }, (error, found) => {
      resolve(error === null && found.some(({ address }) => isInner(address)))
    })
  )
}

/** What the system finds of a name on one side. */
function lookupOn(side: Side): LookupFunction {
  return (hostname, options, done) => {
    systemLookup(hostname, { ...options as LookupOptions, all: true }, (error, all: LookupAddress[]) => {
      if (error !== null) return done(error, '', 0)
      const found = all.filter(({ address }) => isInner(address) === (side === 'inside'))
      const [first] = found
      if (first === undefined) done(new OtherSide(hostname, side), '', 0)
      else if (options.all === true) done(null, found)
      else done(null, first.address, first.family)
    })
  }
}
