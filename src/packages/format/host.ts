/** This machine, and what its own package manager mirrors: the first configuration of a server (`--init`). */

export interface HostFile {
  name: string
  text: string
  /** Not everybody may read it: it can have a password in it. */
  isPrivate?: true
}

export interface Host {
  /** ID and VERSION_ID of os-release(5); empty where it has none. */
  id: string
  version: string
  /** The release id without architecture; undefined where os-release names no release. */
  release: string | undefined
  /** rpm's name of the architecture. */
  machine: string
}

/** Where a package manager keeps its repositories, and what becomes of them in RETRACE_REPOS_D. */
export interface HostRepositories {
  /** Files, and folders with all their files, below /etc. */
  places: readonly string[]
  /** Pure. A file that holds no repository makes none. */
  filesFrom(files: readonly HostFile[], host: Host): HostFile[]
}
