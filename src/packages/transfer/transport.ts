/**
 * How one repository's addresses are reached: through which proxy, trusting which authorities, with whose name and
 * password. This is decided for each address, so that a redirect is judged anew. A repository's credentials are never
 * sent to another origin.
 */
import { Buffer } from 'node:buffer'
import type { Dispatcher } from 'undici'
import type { ProxyEnvironment } from '../../config/proxy_environment.ts'
import { type Connection, type Credentials, credentialsIn } from '../format/connection.ts'
import { type AuthEntry, credentialsFor, readAuthEntries } from './auth_conf.ts'
import { dispatcherOf } from './dispatchers.ts'
import { FetchError } from '../format/error.ts'
import { proxyFor } from './proxy.ts'

/** What the whole installation says about the network; read when a fetch begins. */
export interface Network {
  environment: ProxyEnvironment
  auth: AuthEntry[]
}

/** Reads what the whole installation says: the environment was read with the settings, passwords are in files. */
export function readNetwork({ reposD, proxies }: { reposD: string; proxies: ProxyEnvironment }): Network {
  return { environment: proxies, auth: readAuthEntries(reposD) }
}

export class Transport {
  readonly connection: Connection
  readonly #origin: string
  readonly #network: Network

  /** `uri` is the repository's address. */
  constructor(uri: string, connection: Connection, network: Network) {
    this.connection = connection
    this.#origin = new URL(uri).origin
    this.#network = network
  }

  /**
   * What carries a request to this address; `isGuarded`: not to one of this machine's own network. Throws FetchError for a file of
   * the connection that cannot be read.
   */
  dispatcher(url: URL, { isGuarded = false } = {}): Dispatcher {
    const proxy = this.#proxy(url)
    return dispatcherOf({
      proxy: proxy?.origin,
      proxyAuthorization: proxy === undefined ? undefined : this.#proxyAuthorization(proxy),
      isTls: url.protocol === 'https:',
      caFile: this.connection.caFile,
      // A certificate of our own is shown to the repository's own host, and to nobody that it points at.
      certFile: url.origin === this.#origin ? this.connection.certFile : undefined,
      keyFile: url.origin === this.#origin ? this.connection.keyFile : undefined,
      verifiesHost: this.connection.verifiesHost,
      isGuarded,
    })
  }

  /** The Authorization header for this address. */
  authorization(url: URL): string | undefined {
    const own = url.origin === this.#origin ? this.connection.credentials : undefined
    const credentials = own ?? credentialsFor(url, this.#network.auth)
    return credentials === undefined ? undefined : basic(credentials)
  }

  #proxy(url: URL): URL | undefined {
    const { proxy } = this.connection
    const address = proxy === undefined ? proxyFor(url, this.#network.environment) : proxy
    if (address === undefined || address === 'direct') return undefined
    const text = address.includes('://') ? address : `http://${address}`
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      throw new FetchError('refused', 'The proxy that is configured is no http:// or https:// address')
    }
    return new URL(text)
  }

  #proxyAuthorization(proxy: URL): string | undefined {
    const credentials = credentialsIn(proxy) ?? credentialsFor(proxy, this.#network.auth)
    return credentials === undefined ? undefined : basic(credentials)
  }
}

/** RFC 7617. */
function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}
