/** Locations in the metadata of a repository: below its address, or refused. */

/** Whether a location is a path below the address: no other host, no way up, nothing that a URL reads otherwise. */
export function isInside(href: string): boolean {
  // deno-lint-ignore no-control-regex
  return href !== '' && href.length <= 1000 && !/^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:|[\u0000-\u001f\\?#]/.test(href) &&
    !href.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))
}
