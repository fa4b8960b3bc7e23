/** Which release a suite feeds, as its Release file says. */
import { FetchError } from '../format/error.ts'

/**
 * The id that a suite feeds: Origin's first word, and the number of Version, else the Codename. `bookworm-updates`
 * and `bookworm-security` feed bookworm's release.
 */
export function releaseOf(
  { origin, version, codename }: {
    origin: string | undefined
    version: string | undefined
    codename: string | undefined
  },
): string {
  const distribution = /^[a-z0-9]+/.exec((origin ?? '').trim().toLowerCase())?.[0]
  if (distribution === undefined) throw malformed('has no Origin: give the repository an X-Retrace-Release')
  const number = distribution === 'ubuntu'
    ? /^[0-9]+(\.[0-9]+)?/.exec(version ?? '')?.[0]
    : /^[0-9]+(?=[.-]|$)/.exec(version ?? '')?.[0]
  if (number !== undefined) return `${distribution}-${number}`
  const name = (codename ?? '').trim().toLowerCase()
    .replace(/(-(updates|security|backports|proposed-updates|proposed|debug|backports-sloppy))+$/, '')
  if (!/^[a-z][a-z0-9._]*$/.test(name)) {
    throw malformed('has neither Version nor Codename: give the repository an X-Retrace-Release')
  }
  return `${distribution}-${name}`
}

function malformed(what: string): FetchError {
  return new FetchError('malformed', `The Release file ${what}`)
}
