/**
 * Locations in the metadata of a repository, which may stand below another address (`xml:base`): on the host that the
 * metadata came from, as dnf takes them, or refused. Pure.
 */
import { faultOfPlace, placeOf } from '../format/place.ts'

/** What a `location` element says. */
export interface Location {
  readonly href: string
  /** `xml:base`. */
  readonly base: string | undefined
}

export const NOWHERE: Location = { href: '', base: undefined }

/** The location that an element's attributes tell. */
export function locationIn(attributes: Record<string, string>): Location {
  return { href: attributes.href ?? '', base: attributes['xml:base'] }
}

/**
 * The place below the repository, or with a slash in front below its host; or what is wrong with it, as the end of a
 * sentence. `mirrors`: where the metadata is from, with a slash at their ends. `isEncoded`: dnf encodes names of packages in
 * addresses, those of indices it leaves as they are.
 */
export function placeAt(
  { href, base }: Location,
  { mirrors, isEncoded = false }: { mirrors: readonly string[]; isEncoded?: boolean },
): { place: string } | { fault: string } {
  const fault = faultOfPlace(href, { isEncoded })
  if (fault !== undefined) return { fault }
  const isWhole = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(href)
  const address = isWhole ? href : base
  if (address === undefined || address === '') return { place: placeOf(href) }
  const below = placeOfBase(address, mirrors)
  if (below === undefined) return { fault: isWhole ? 'leads to another host' : 'leads to another host (xml:base)' }
  const whole = isWhole ? below : `${below}/${placeOf(href)}`
  return faultOfPlace(whole, { isEncoded }) === undefined
    ? { place: (whole.startsWith('//') ? '/' : '') + placeOf(whole) }
    : { fault: 'leads out of the repository (xml:base)' }
}

/** Below a mirror, or `/` and the path on its host; undefined where no mirror is. Of a file system nothing else is read. */
function placeOfBase(base: string, mirrors: readonly string[]): string | undefined {
  if (!URL.canParse(base)) return undefined
  const url = new URL(base)
  const isFile = url.protocol === 'file:'
  if ((!isFile && !/^https?:$/.test(url.protocol)) || url.search !== '' || url.hash !== '') return undefined
  const near = mirrors.map((each) => new URL(each))
    .filter(({ host, protocol }) => host === url.host && (protocol === 'file:') === isFile)
  const path = decoded(url.pathname)
  if (path === undefined) return undefined
  const top = near.map(({ pathname }) => decoded(pathname)).find((each) =>
    each !== undefined && `${path}/`.startsWith(each)
  )
  if (top !== undefined) return path.slice(top.length)
  return near.length > 0 && !isFile ? `/${path}` : undefined
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
