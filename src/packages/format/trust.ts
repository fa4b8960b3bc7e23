/** Whose signatures count. */

/** Keys that may sign: key ring files, key texts (armoured), and fingerprints that narrow them; none: the default. */
export interface Trust {
  files: string[]
  inline: string[]
  /** Of keys that have to be fetched. */
  addresses?: string[]
  /** Upper-case hex of keys, of which all subkeys count too, but for those with `!` at their end; empty: every key. */
  fingerprints: string[]
}
