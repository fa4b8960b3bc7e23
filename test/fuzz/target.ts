/** What is fuzzed: a reader of bytes that strangers, mirrors or a debugger send. */
export interface Target {
  /** Inputs that are right, or nearly; each of them reaches another part of the reader. */
  seeds(): Uint8Array[] | Promise<Uint8Array[]>
  /** Words of its grammar, which mutation would find by chance only after long. */
  readonly words: readonly string[]
  /** Longest input that is made, in bytes. */
  readonly maxBytes: number
  /** Reads it all, as the product does. What it gives is searched for bytes of files that were never given to it. */
  read(input: Uint8Array): unknown
  /** Whether an error is one that the reader says it throws. */
  isOurs(error: unknown): boolean
  /** Removes what reading left on the disk. */
  close?(): Promise<void>
  /** What reading may cost at most. */
  readonly cost: Cost
  /** Of the time for all targets; 1 where nothing else is said. */
  readonly weight?: number
}

/** Measured on this project's seeds, with a margin of ten: a line, below which reading stays whatever the input holds. */
export interface Cost {
  /** Milliseconds of processor time for an input of no length, and for each KiB more. */
  readonly ms: number
  readonly msPerKib: number
  /** MiB of memory that is taken while it is read, and for each KiB more. */
  readonly mib: number
  readonly mibPerKib: number
}

/** Fits readers that hold little more than their input. */
export const ORDINARY: Cost = { ms: 100, msPerKib: 2, mib: 48, mibPerKib: 0.5 }
