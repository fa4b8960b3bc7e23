/** Files that tests put into the packages that they make. */
import { execFileSync } from 'node:child_process'
import { cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What a package has at a path. */
export type MadeFile =
  | { bytes: string | Uint8Array }
  | { copy: string }
  | { symlink: string }
  | { link: string }
  | { node: 'pipe' | 'device' | 'socket' }

export function putFile(tree: string, path: string, file: MadeFile): void {
  const absolute = join(tree, path)
  mkdirSync(dirname(absolute), { recursive: true })
  if ('bytes' in file) writeFileSync(absolute, file.bytes)
  else if ('copy' in file) cpSync(file.copy, absolute, { dereference: true })
  else if ('symlink' in file) symlinkSync(file.symlink, absolute)
  else if ('node' in file) makeNode(absolute, file.node)
  else linkSync(join(tree, file.link), absolute)
}

/** The path of a socket is bounded: it is made from its folder. */
const SOCKET = 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])'

function makeNode(absolute: string, node: 'pipe' | 'device' | 'socket'): void {
  if (node === 'pipe') execFileSync('mkfifo', [absolute])
  else if (node === 'device') execFileSync('mknod', [absolute, 'c', '1', '3'])
  else execFileSync('/usr/bin/python3', ['-c', SOCKET, dirname(absolute), basename(absolute)])
}
