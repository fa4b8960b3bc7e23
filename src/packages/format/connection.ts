/** How the hosts of a repository are reached: proxy, password, certificates, time limits. */

/**
 * How a repository's hosts are reached, in the terms of every format. It is read from the configuration files whenever
 * a fetch begins, and lives no longer: what is secret in it stands in no database, log or message.
 */
export interface Connection {
  /** `http://[user:password@]host:port`; `direct`: none; undefined: as the environment says. */
  proxy: string | undefined
  /** Sent to the repository's own origin, and nowhere else. */
  credentials: Credentials | undefined
  /** PEM files: authorities in place of the system's; the client's own certificate, and its key. */
  caFile: string | undefined
  certFile: string | undefined
  keyFile: string | undefined
  /** False: the host's certificate is not checked; signatures of what it sends always are. */
  verifiesHost: boolean
  /** Time until an answer, and silence within one, in place of the usual; undefined: the usual. */
  timeoutMs: number | undefined
}

export interface Credentials {
  user: string
  password: string
}

/** The credentials in an address; one that is encoded wrongly is taken as it is written. */
export function credentialsIn({ username, password }: URL): Credentials | undefined {
  return username === '' && password === '' ? undefined : { user: decoded(username), password: decoded(password) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A repository whose configuration says nothing about connections. */
export const USUAL_CONNECTION: Connection = {
  proxy: undefined,
  credentials: undefined,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  verifiesHost: true,
  timeoutMs: undefined,
}
