/** Certificates as no client takes them: of other times, keys and names. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Folder } from './folder.ts'

/** The certificate of the folder with other dates: openssl 3.0 sets them by `ca` alone. */
export function dated(folder: Folder, [from = '', to = '']: readonly string[]): void {
  const stamp = (date: string) => `${date.replaceAll('-', '')}000000Z`
  const at = (name: string) => folder.file(name)
  writeFileSync(at('index'), '')
  writeFileSync(at('serial'), '01')
  const policy = 'commonName = supplied'
  writeFileSync(
    at('ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndir=${folder.path}\ndatabase=${at('index')}\nserial=${at('serial')}\n` +
      `new_certs_dir=${folder.path}\ndefault_md=sha256\npolicy=p\n[p]\n${policy}\n`,
  )
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' })
  openssl('req', '-new', '-key', at('key.pem'), '-subj', '/CN=localhost', '-out', at('csr.pem'))
  openssl(
    ...['ca', '-batch', '-selfsign', '-config', at('ca.cnf'), '-keyfile', at('key.pem'), '-in', at('csr.pem')],
    ...[
      ...['-startdate', stamp(from), '-enddate', stamp(to), '-notext', '-extfile', at('names'), '-out', at('cert.pem')],
    ],
  )
}

/** In the place of the folder's own: one of another key. */
export function selfSignedAs(folder: Folder, newKey: readonly string[]): void {
  const more = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', folder.file('key.pem'), '-out', folder.file('cert.pem')]
  const words = ['req', '-x509', ...newKey, '-nodes', '-days', '30', '-subj', '/CN=localhost', ...more, ...files]
  execFileSync('openssl', words, { stdio: 'pipe' })
}
