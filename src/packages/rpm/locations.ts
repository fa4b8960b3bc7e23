/** Locations in the metadata of a repository: below its address, or refused. */
import { controlIn } from '../../text/escape.ts'

/** Whether a location is a path below the address: no other host, no way up, nothing that a URL reads otherwise. */
export function isInside(href: string): boolean {
  return href !== '' && href.length <= 1000 && !/^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:|[\\?#]/.test(href) &&
    controlIn(href) === undefined && !href.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))
}
