/** What a module lacks, in words: `libffi.so.8 (libffi8_3.4.4-1_amd64): no debuginfo`. */
import type { Lack, LackKind } from '../outcome/lack.ts'

const UNPROVEN = 'taken by its path, since the core holds no build-id of it'
const GONE = ', gone upstream'

const WORDS: Readonly<Record<LackKind, (lack: Lack) => string>> = {
  'not-found': ({ isGone }) => `not found${isGone ? GONE : ''}`,
  'other-builds': () => 'only other builds of it are known',
  'no-debuginfo': ({ isGone }) => `no debuginfo${isGone ? GONE : ''}`,
  'by-path': () => UNPROVEN,
  'no-dwz-file': () => 'the dwz file of its debuginfo is missing',
}

export function lackText(lack: Lack): string {
  const name = lack.path.slice(lack.path.lastIndexOf('/') + 1) || 'a module without name'
  const first = lack.isUnproven && lack.kind !== 'by-path' ? `${UNPROVEN}, and ` : ''
  return `${name}${lack.package === undefined ? '' : ` (${lack.package})`}: ${first}${WORDS[lack.kind](lack)}`
}
