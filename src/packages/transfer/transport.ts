/**
 * How one repository's addresses are reached: through which proxy, trusting which authorities, with whose name and
 * password. This is decided for each address, so that a redirect is judged anew. A repository's credentials are never
 * sent to another origin.
 */
import { Buffer } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import type { Dispatcher } from 'undici'
import type { ProxyEnvironment } from '../../config/proxy_environment.ts'
import { type Connection, type Credentials, credentialsIn } from '../format/connection.ts'
import { type AuthEntry, credentialsFor, readAuthEntries } from './auth_conf.ts'
import { leadsInside, type Side } from './connector.ts'
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
  readonly #own: URL[]
  #isWithin: Promise<boolean> | undefined

  /** `uri` is the repository's address; `addresses` all that the administrator's file names, that one too. */
  constructor(uri: string, connection: Connection, network: Network, addresses: readonly string[] = [uri]) {
    this.connection = connection
    this.#origin = new URL(uri).origin
    this.#network = network
    this.#own = [...new Set([uri, ...addresses])].filter((each) => URL.canParse(each)).map((each) => new URL(each))
  }

  /** A file:// address that a list of this machine names is the administrator's own, too. */
  owns(address: string): void {
    const isKnown = this.#own.some(({ href }) => href === address)
    if (!isKnown && URL.canParse(address)) this.#own.push(new URL(address))
  }

  /** Below which a file of this machine may be read: the administrator's own file:// addresses. */
  get folders(): string[] {
    return this.#own.filter(({ protocol }) => protocol === 'file:').map((url) => fileURLToPath(url))
  }

  /** Whether an address that is asked for first may be in this machine's own network: see sides.ts. */
  async mayBeInside(url: URL): Promise<boolean> {
    if (this.#own.some(({ hostname }) => hostname === url.hostname)) return true
    return await (this.#isWithin ??= this.#isOwnWithin())
  }

  async #isOwnWithin(): Promise<boolean> {
    if (this.#own.some(({ protocol }) => protocol === 'file:')) return true
    return (await Promise.all(this.#own.map(({ hostname }) => leadsInside(hostname)))).some((each) => each)
  }

  /** Whether a proxy carries requests to this address. */
  isProxied(url: URL): boolean {
    return this.#proxy(url) !== undefined
  }

  /** What carries a request to this address, on one side. Throws FetchError for a file of the connection that cannot be read. */
  dispatcher(url: URL, side: Side): Dispatcher {
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
      side: proxy === undefined ? side : undefined,
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
