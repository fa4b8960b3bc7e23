/**
 * Users and passwords that stand in addresses: in no sentence of ours is one left, whoever wrote the address. Pure.
 */

/** Between `//` and the `@` of a well-formed address. */
const IN_ADDRESS = /(\/\/)[^\s/?#@]*(?:@[^\s/?#@]*)*@/g
/** In a word that begins like an address, up to its last `@`: also where slashes are missing or too many. */
const IN_WORD = /(\b[A-Za-z][A-Za-z0-9+.-]*:\/{0,9})\S*@/g
/** What follows the colon of a host is no port: the address was cut before its `@`. */
const CUT = /(\b[A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\s/:@[]*:(?![0-9]{1,5}(?![^\s/?),;:'"]))\S*/g

/** A sentence that may hold an address, with `…@` in the place of user and password. */
export function withoutCredentials(text: string): string {
  return text.includes('@') ? text.replace(IN_ADDRESS, '$1…@') : text
}

/** The same of words of an administrator, who may have mistyped the address; hides rather too much. */
export function withoutAnyCredentials(text: string): string {
  return withoutCredentials(text.replace(IN_WORD, '$1…@')).replace(CUT, '$1…')
}
