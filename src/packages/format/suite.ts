/** A suite as its signed description has it, and the indices that are to be read. */

/** A verified description of a suite: nothing in it came from outside its signature. */
export interface SignedSuite {
  /** Release id without architecture that it says it is part of. */
  release: string
  /** Why that may be no release that a core is of; other suites of the run may know better. Undefined: it is one. */
  doubt?: string | undefined
  /** Unix seconds at which it was made. */
  date: number
  validUntil: number | undefined
  /** Seconds that `date` may be ahead of this machine's clock, where it is not the usual amount. */
  maxAheadS?: number
  /** The indices of a component and architecture; a sentence about the suite when it has no such pair. */
  indices(component: string, architecture: string): SuiteIndices | string
}

/** Files of one component and architecture. */
export interface SuiteIndices {
  /** Identifies their contents: when it equals that of the last sync, there is nothing to do. */
  packagesKey: string
  contentsKey: string
  /** Bytes to download. */
  size: number
}

/** What is to be read of a suite: the indices of a component and architecture that have changed. */
export interface IndexSelection {
  suite: SignedSuite
  component: string
  architecture: string
  packages: boolean
  contents: boolean
}
