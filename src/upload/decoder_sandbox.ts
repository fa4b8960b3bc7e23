/**
 * How `xz` and `zstd` are started: inside bubblewrap with nothing but the program, the system's libraries, stdin and
 * stdout, and under limits of memory and processor time (docs/architecture.md, rule 4). Pure but for looking where
 * programs are.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs'

const MEBIBYTE = 1024 * 1024
/** `xz -9` needs 65 MiB to decompress and `zstd --ultra -22` 128 MiB for its window; nobody sensible uses more. */
export const DECODER_MEMORY = 192 * MEBIBYTE
/** The outer fence: programs, libraries and stacks included. */
const ADDRESS_SPACE = 768 * MEBIBYTE
/** Seconds of processor time: 1 TiB of zeros would fit; an upload's own limits end it long before. */
const CPU_S = 900

export type DecoderName = 'xz' | 'zstd'

const ARGUMENTS: Record<DecoderName, string[]> = {
  xz: ['--decompress', '--stdout', '--format=xz', '--threads=1', `--memlimit-decompress=${DECODER_MEMORY}`],
  zstd: ['--decompress', '--stdout', '--no-progress', `--memory=${DECODER_MEMORY / MEBIBYTE}MB`],
}

/** Where a program is, or undefined. The server's PATH plays no part: these are the distributions' places. */
export function findProgram(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => `${folder}/${name}`).find((path) => existsSync(path))
}

/** A system folder inside the sandbox: bound, or linked as it is linked outside. */
export type SystemFolder = { path: string; link: string | undefined }

/** The folders that hold the loader and the libraries, as they are on this system. */
export function libraryFolders(): SystemFolder[] {
  return ['/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/lib', '/lib32', '/lib64', '/libx32']
    .filter((path) => existsSync(path))
    .map((path) => ({ path, link: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined }))
}

/** The whole command, its program first, that reads packed bytes from stdin and writes unpacked ones to stdout. */
export function decoderCommand(decoder: DecoderName, program: string, libraries: SystemFolder[]): string[] {
  return [
    'prlimit',
    `--as=${ADDRESS_SPACE}`,
    `--cpu=${CPU_S}:${CPU_S + 5}`,
    '--fsize=0',
    '--core=0',
    '--nofile=64',
    '--',
    'bwrap',
    ...['--unshare-all', '--die-with-parent', '--new-session', '--uid', '65534', '--gid', '65534'],
    ...['--cap-drop', 'ALL', '--clearenv', '--setenv', 'LC_ALL', 'C'],
    ...libraries.flatMap(({ path, link }) =>
      link === undefined ? ['--ro-bind', path, path] : ['--symlink', link, path]
    ),
    ...['--ro-bind', program, program, '--remount-ro', '/', '--chdir', '/', '--'],
    program,
    ...ARGUMENTS[decoder],
  ]
}
