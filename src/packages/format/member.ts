/** A member of an opened package. */

/** A member of a package, in the package's order. `body` must be read or resumed before the next one comes. */
export interface Member {
  path: string
  type: 'file' | 'link' | 'symlink' | 'directory' | 'other'
  size: number
  /** Target of a link or symbolic link, as in the package. */
  target: string | undefined
  body: AsyncIterable<Uint8Array> & { resume(): unknown }
}
