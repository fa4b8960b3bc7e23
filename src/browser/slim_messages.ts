/** What the page and its worker say to each other. Types alone. */

export interface SlimDone {
  readonly slim: Blob
  /** Bytes of memory by kind, what it is said to be, in order. */
  readonly kinds: readonly { readonly meaning: string; readonly bytes: number }[]
  readonly leftOut: number
  readonly about: string
}

/** Why it could not be made slim: it is sent whole. */
export interface SlimFailed {
  readonly why: string
}

export type SlimMessage = SlimDone | SlimFailed
