/** Certificates for tests, made by openssl: self-signed ones, and a throw-away authority with those that it signs. */
import { execFileSync } from 'node:child_process'
import type { ServerOptions } from 'node:https'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MadeCertificate {
  cert: string
  key: string
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1'

export class Authority {
  readonly file: string
  readonly #key: string
  readonly #folder: string

  constructor(folder: string, name = 'authority') {
    this.#folder = folder
    this.file = join(folder, `${name}.pem`)
    this.#key = join(folder, `${name}.key`)
    openssl(['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`], [
      ...['-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', this.#key, '-out', this.file],
    ])
  }

  /** Files of a certificate for localhost and 127.0.0.1, as a server or as a client. */
  sign(name: string): MadeCertificate {
    const path = (ending: string) => join(this.#folder, `${name}.${ending}`)
    openssl(['req', ...NEW_KEY, '-subj', `/CN=${name}`], ['-keyout', path('key'), '-out', path('csr')])
    writeFileSync(path('ext'), `${NAMES}\n`)
    openssl(['x509', '-req', '-days', '2', '-CA', this.file, '-CAkey', this.#key, '-CAcreateserial'], [
      ...['-in', path('csr'), '-extfile', path('ext'), '-out', path('crt')],
    ])
    return { cert: path('crt'), key: path('key') }
  }
}

/** A self-signed certificate for localhost and 127.0.0.1 in a folder, made when it is not there yet; and its text. */
export function selfSigned(folder: string, name = ''): MadeCertificate & { text: string } {
  const [cert, key] = [join(folder, `${name}cert.pem`), join(folder, `${name}key.pem`)]
  if (!existsSync(cert)) {
    openssl(['req', '-x509', ...NEW_KEY, '-days', '30', '-subj', '/CN=localhost', '-addext', NAMES], [
      ...['-keyout', key, '-out', cert],
    ])
  }
  return { cert, key, text: readFileSync(cert, 'utf8') }
}

function openssl(words: string[], files: string[]): void {
  execFileSync('openssl', [...words, ...files], { stdio: 'pipe' })
}

/** What `https.createServer` takes of a certificate, with the authority that clients must show one of. */
export function serverOptions({ cert, key }: MadeCertificate, clients?: Authority): ServerOptions {
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(clients === undefined ? {} : { ca: readFileSync(clients.file), requestCert: true, rejectUnauthorized: true }),
  }
}
