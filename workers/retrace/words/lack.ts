/** What a module lacks, in words: `libffi.so.8 (libffi8_3.4.4-1_amd64): no debuginfo`. */
import type { Lack, LackKind } from '../outcome/lack.ts'

const UNPROVEN = 'taken by its path, since the core holds no build-id of it'
/** Files that are named. */
const MAX_FILES = 3
const GONE = ', gone upstream'

const WORDS: Readonly<Record<LackKind, (lack: Lack) => string>> = {
  'not-found': ({ isGone }) => `not found${isGone ? GONE : ''}`,
  'other-builds': () => 'only other builds of it are known',
  'no-debuginfo': ({ isGone }) => `no debuginfo${isGone ? GONE : ''}`,
  'unreadable': () => 'its file is damaged: gdb does not take it',
  'damaged': ({ damage }) =>
    damage?.why === undefined
      ? `debuginfo left out with that of all modules, since that of many is damaged${leaning(damage)}`
      : `debuginfo damaged (${damage.why})${leaning(damage)}`,
  'no-split-files': ({ damage }) => `${leaning(damage).slice(2)}, so arguments and locals are lost`,
  'by-path': () => UNPROVEN,
  'no-dwz-file': () => 'the dwz file of its debuginfo is missing',
}

/** `; its debuginfo leans on a.dwo, which no package has`. */
function leaning(damage: Lack['damage']): string {
  const files = damage?.splitFiles ?? []
  if (files.length === 0) return ''
  const more = files.length > MAX_FILES ? ` and ${files.length - MAX_FILES} more` : ''
  const which = files.length === 1 ? 'which no package has' : 'of which no package has any'
  return `; its debuginfo leans on ${files.slice(0, MAX_FILES).join(', ')}${more}, ${which}`
}

export function lackText(lack: Lack): string {
  const name = lack.path.slice(lack.path.lastIndexOf('/') + 1) || 'a module without name'
  const first = lack.isUnproven && lack.kind !== 'by-path' ? `${UNPROVEN}, and ` : ''
  return `${name}${lack.package === undefined ? '' : ` (${lack.package})`}: ${first}${WORDS[lack.kind](lack)}`
}
