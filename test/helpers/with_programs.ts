/** Programs that are not installed here, for one run: laid over /usr/local/bin, in a mount namespace of its own. */
import { spawnSync } from 'node:child_process'

/** The words that run `words` with the programs of `folder`. */
export function withPrograms(folder: string, words: readonly string[]): [string, ...string[]] {
  const lay = 'mount -t overlay overlay -o "lowerdir=$1:/usr/local/bin" /usr/local/bin && shift && exec "$@"'
  return ['unshare', '-m', 'sh', '-c', lay, 'sh', folder, ...words]
}

/** Why that cannot be done here; '': it can. */
export function whyNoPrograms(folder: string): string {
  const { status, stderr } = spawnSync('unshare', withPrograms(folder, ['true']).slice(1), { encoding: 'utf8' })
  return status === 0 ? '' : `nothing can be laid over /usr/local/bin: ${stderr?.trim() ?? 'no unshare'}`
}
