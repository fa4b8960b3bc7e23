/**
 * The command line of bubblewrap for programs that judge or open what came from elsewhere: no network, no capability,
 * nothing of this machine but /usr and the files that are named, under fixed names.
 */
export interface SandboxFiles {
  /** Path inside -> path here. */
  readable: Record<string, string>
  /** A folder that can be written to. */
  writable?: Record<string, string>
}

/** Arguments of `bwrap` that run a program so; a pure function. */
export function sandboxed(command: string[], { readable, writable = {} }: SandboxFiles): string[] {
  return [
    ...['--unshare-all', '--uid', '65534', '--gid', '65534', '--die-with-parent', '--new-session'],
    ...['--cap-drop', 'ALL', '--clearenv', '--setenv', 'PATH', '/usr/bin', '--setenv', 'LC_ALL', 'C.UTF-8'],
    ...['--ro-bind', '/usr', '/usr', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...['--size', '67108864', '--tmpfs', '/tmp', '--setenv', 'HOME', '/tmp'],
    ...Object.entries(readable).flatMap(([inside, file]) => ['--ro-bind', file, inside]),
    ...Object.entries(writable).flatMap(([inside, folder]) => ['--bind', folder, inside]),
    ...['--remount-ro', '/', '--chdir', '/tmp', ...command],
  ]
}
