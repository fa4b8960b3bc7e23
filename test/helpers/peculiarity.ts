/**
 * Peculiarities of public repositories, a row each: what the distribution's own program takes of such a repository, and
 * what we take, is compared by a test per format. A row is the place to begin with when a repository does not sync.
 */
export interface Peculiarity<World> {
  /** What is peculiar, as the end of 'a repository'. */
  name: string
  /** Makes, publishes and configures it. */
  make(world: World): void | Promise<void>
  /** What is taken: known, and had when it is asked for. As `labelOf` writes it, in any order. */
  taken: string[]
  /** What the distribution's program takes where that differs, and why we do not do the same. */
  theirs?: { taken: string[]; because: string }
  /** What is said about it, in the log or at the end. */
  says?: RegExp
  /** Nothing of this is said: neither a warning nor an error. */
  isQuiet?: true
  /** The exit code, where it is another than 0 for what is taken and 1 for nothing. */
  code?: number
}

/** `alpha`, `alpha:arm64`, `alpha=2.0-1`: what is usual is left away. */
export function labelOf(
  { name, version, architecture }: { name: string; version: string; architecture: string },
): string {
  const isUsual = architecture === 'amd64' || architecture === 'x86_64'
  return `${name}${isUsual ? '' : `:${architecture}`}${version === '1.0-1' ? '' : `=${version}`}`
}
