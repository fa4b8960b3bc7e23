/** A throw-away authority, and certificates that it signs, made by openssl. */
import { execFileSync } from 'node:child_process'
import type { ServerOptions } from 'node:https'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MadeCertificate {
  cert: string
  key: string
}

export class Authority {
  readonly file: string
  readonly #key: string
  readonly #folder: string

  constructor(folder: string, name = 'authority') {
    this.#folder = folder
    this.file = join(folder, `${name}.pem`)
    this.#key = join(folder, `${name}.key`)
    const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
    openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
    ], [
      ...['-keyout', this.#key, '-out', this.file],
    ])
  }

  /** Files of a certificate for localhost and 127.0.0.1, as a server or as a client. */
  sign(name: string): MadeCertificate {
    const path = (ending: string) => join(this.#folder, `${name}.${ending}`)
    const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`]
    openssl(request, ['-keyout', path('key'), '-out', path('csr')])
    writeFileSync(path('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    openssl(['x509', '-req', '-days', '2', '-CA', this.file, '-CAkey', this.#key, '-CAcreateserial'], [
      ...['-in', path('csr'), '-extfile', path('ext'), '-out', path('crt')],
    ])
    return { cert: path('crt'), key: path('key') }
  }
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
