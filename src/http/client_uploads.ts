/** How many uploads of each client arrive at once: one that sends slowly cannot keep the others out. */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { Shares } from '../runner/shares.ts'
import { count } from '../text/count.ts'

const RETRY_AFTER_S = 60

export class ClientUploads {
  readonly #limit: number
  readonly #shares: Shares

  constructor({ maxUploadsPerClient }: Pick<Config, 'maxUploadsPerClient'>) {
    this.#limit = maxUploadsPerClient
    this.#shares = new Shares(maxUploadsPerClient)
  }

  /**
   * Counts an upload of `client` (see `clientKey`) until it is disposed. Throws too-many-uploads, save for one that is `known`
   * from an earlier server.
   */
  enter(client: string, known?: 'known'): Disposable {
    if (known === undefined && this.#shares.isFull(client)) {
      throw new RetraceError('too-many-uploads', {
        detail:
          `${
            count(this.#limit, 'upload')
          } of your address arrive already, or wait for their end (RETRACE_MAX_UPLOADS_PER_CLIENT); ` +
          `try again in ${RETRY_AFTER_S} seconds`,
        limit: { setting: 'RETRACE_MAX_UPLOADS_PER_CLIENT', value: this.#limit, unit: 'uploads' },
        headers: { 'Retry-After': String(RETRY_AFTER_S) },
      })
    }
    return this.#shares.take(client)
  }
}
