/**
 * The keys that count where a stanza has no Signed-By: those that apt itself trusts on this machine (apt-key(8), 'FILES'),
 * and Debian's own.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What Debian's own archive is signed with. */
const DEBIAN_KEY_RING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const MAX_RINGS = 200

/** Files that are there and hold something; where none is, the one that is missed. `folder`: apt's. */
export function usualKeyRings(folder = '/etc/apt', own = DEBIAN_KEY_RING): string[] {
  const parts = join(folder, 'trusted.gpg.d')
  const names = namesIn(parts).filter((name) => /\.(asc|gpg)$/.test(name)).sort().slice(0, MAX_RINGS)
  const rings = [own, join(folder, 'trusted.gpg'), ...names.map((name) => join(parts, name))].filter(isFilled)
  return rings.length === 0 ? [own] : rings
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** apt's trusted.gpg is often there and empty. */
function isFilled(file: string): boolean {
  try {
    const found = statSync(file)
    return found.isFile() && found.size > 0
  } catch {
    return false
  }
}
