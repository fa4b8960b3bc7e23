/**
 * Who owns what is made for one sandbox alone: its user, while it runs, who may then read it, and write it where that is
 * what it is for, though its mode keeps out all others. Nothing happens where we are not root: then that user is ours.
 */
import { chmodSync, lchownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { getegid, geteuid } from 'node:process'
import { errnoOf } from '../errors/errno.ts'
import { wallUser } from './users.ts'

/** A folder with all in it, or a file. Links are not followed. */
export function handOver(path: string): void {
  const user = wallUser()
  if (user !== undefined) own(path, user, user)
}

/** The same, unless everybody may read it: then it need not change hands. Says whether it did. */
export function handOverPrivate(path: string): boolean {
  if (wallUser() === undefined || isReadable(path)) return false
  handOver(path)
  return true
}

/** Lets everybody read what is no secret, whatever umask it was made with: a folder with all in it, or a file. */
export function share(path: string): void {
  if (wallUser() !== undefined && !isReadable(path)) letRead(path)
}

/** Once nothing runs that could change it meanwhile. What has gone since is nobody's. */
export function takeBack(path: string): void {
  if (wallUser() === undefined) return
  try {
    own(path, geteuid?.() ?? 0, getegid?.() ?? 0)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
  }
}

function isReadable(path: string): boolean {
  const info = lstatSync(path)
  const needed = info.isDirectory() ? 0o005 : 0o004
  return (info.mode & needed) === needed
}

function letRead(path: string): void {
  const info = lstatSync(path)
  if (info.isSymbolicLink()) return
  chmodSync(path, (info.mode & 0o7777) | (info.isDirectory() ? 0o055 : 0o044))
  if (!info.isDirectory()) return
  for (const entry of readdirSync(path)) letRead(join(path, entry))
}

function own(path: string, user: number, group: number): void {
  lchownSync(path, user, group)
  if (!lstatSync(path).isDirectory()) return
  for (const entry of readdirSync(path)) own(join(path, entry), user, group)
}
