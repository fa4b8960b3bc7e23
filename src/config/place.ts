/** Why a server cannot listen on the address and port of its settings, by the code of the system. Pure. */
import { errnoOf } from '../errors/errno.ts'
import type { Config } from './config.ts'

type Place = Pick<Config, 'host' | 'port'>

const REFUSED: Record<string, (place: Place) => string> = {
  EADDRINUSE: ({ host, port }) => `RETRACE_PORT is ${port}, which another program listens on already, on ${host}`,
  EACCES: ({ port }) =>
    `RETRACE_PORT is ${port}, which this user may not listen on: take one from 1024 on, or a socket of systemd`,
  EADDRNOTAVAIL: ({ host }) => `RETRACE_HOST is ${host}, which is no address of this machine`,
  EAFNOSUPPORT: ({ host }) => `RETRACE_HOST is ${host}, of a kind that this machine has switched off`,
  ENOTFOUND: ({ host }) => `RETRACE_HOST is ${host}, a name for which no address is known`,
  EAI_AGAIN: ({ host }) => `RETRACE_HOST is ${host}, a name for which no address can be found just now`,
}

/** A sentence that names the setting, without its full stop. */
export function whyNoPlace(place: Place, cause: Error): string {
  const code = errnoOf(cause) ?? ''
  const said = REFUSED[code]?.(place) ??
    `RETRACE_HOST is ${place.host} and RETRACE_PORT is ${place.port}, which cannot be used`
  return `${said} (${code === '' ? cause.message : code})`
}

/** Where /metrics is told, whatever the settings. */
export const METRICS_HOST = '127.0.0.1'

/** The same of RETRACE_METRICS_PORT. */
export function whyNoMetrics(port: number, cause: Error): string {
  const code = errnoOf(cause) ?? ''
  const place = `RETRACE_METRICS_PORT is ${port}`
  if (code === 'EADDRINUSE') return `${place}, which another program listens on already, on ${METRICS_HOST} (${code})`
  if (code === 'EACCES') return `${place}, which this user may not listen on: take one from 1024 on (${code})`
  return `${place}, which cannot be used (${code === '' ? cause.message : code})`
}
