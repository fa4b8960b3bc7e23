/** Throw-away key pairs for repositories made by tests, each in a GNUPGHOME of its own. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class SigningKey implements Disposable {
  readonly home: string
  /** Binary. */
  readonly ring: string
  readonly armoured: string
  /** The armoured key as a file. */
  readonly file: string

  constructor(folder: string, name: string) {
    this.home = join(folder, name)
    this.ring = join(folder, `${name}.gpg`)
    this.file = join(folder, `${name}.asc`)
    mkdirSync(this.home, { mode: 0o700 })
    const user = `${name} <${name}@example.org>`
    this.run(['--quick-gen-key', '--passphrase', '', user, 'ed25519', 'sign', 'never'])
    this.run(['--export', '--output', this.ring])
    this.armoured = this.run(['--export', '--armor'])
    writeFileSync(this.file, this.armoured)
  }

  run(args: string[]): string {
    return execFileSync('gpg', ['--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback', ...args], {
      env: { PATH: '/usr/bin:/bin', GNUPGHOME: this.home, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    })
  }

  [Symbol.dispose](): void {
    execFileSync('gpgconf', ['--kill', 'all'], { env: { PATH: '/usr/bin:/bin', GNUPGHOME: this.home } })
  }
}
