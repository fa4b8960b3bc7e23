/** The archive that this machine's apt has: its address is read from apt, and stands nowhere else. */
import { execFileSync } from 'node:child_process'

export interface AptSuite {
  uri: string
  suite: string
}

/** Suites of main amd64 that apt is configured with, e.g. bookworm, bookworm-updates, bookworm-security. */
export function aptSuites(): AptSuite[] {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ARCHITECTURE) $(CREATED_BY)'
  const lines = execFileSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => line.split(' ')).filter(([, , component, architecture, by]) =>
    component === 'main' && architecture === 'amd64' && by === 'Packages'
  ).map(([uri = '', suite = '']) => ({ uri, suite }))
}

/** A `.sources` file of these suites. */
export function aptSources(suites: AptSuite[], fields: Record<string, string> = {}): string {
  return suites.map(({ uri, suite }) => {
    const all = {
      Types: 'deb',
      URIs: uri,
      Suites: suite,
      Components: 'main',
      Architectures: 'amd64',
      'Check-Valid-Until': 'no',
      ...fields,
    }
    return Object.entries(all).map(([key, value]) => `${key}: ${value}\n`).join('')
  }).join('\n')
}
