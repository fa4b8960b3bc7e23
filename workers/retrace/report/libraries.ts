/**
 * The table of shared libraries in the text: gdb's own, with names as the crashed system had them. Pure. Owns the rows of
 * modules that gdb says nothing of, or that it did not read, although it was made to (gdb/opening.ts).
 */
import type { ModuleWithSymbols } from '../gdb/opening.ts'
import type { Conversation } from '../gdb/told.ts'
import { INSIDE } from '../sandbox/arguments.ts'

const COLUMNS = 'Syms Read   Shared Object Library'
/** From and To where there are any, whether symbols were read, and the name, in which there can be anything. */
const ROW = /^(0x[0-9a-f]+)? *(?:0x[0-9a-f]+)? *(Yes(?: \(\*\))?|No) +(.*)$/

/**
 * Empty when there is nothing to tell. `bits`: of an address. What was not read since nothing needed it stands last, as `not
 * needed`: libsatyr ends the table at what it does not know.
 */
export function libraryTable(
  said: string | undefined,
  { symbols, spared }: Pick<Conversation, 'symbols' | 'spared'>,
  bits: 32 | 64,
): string {
  const lines = said !== undefined && /^From\s+To\s/.test(said) ? said.trimEnd().split('\n') : []
  const explanation = lines.filter((line) => line.startsWith('(*)')).slice(-1)
  const rows = lines.slice(1).filter((line) => !line.startsWith('(*)')).map((line) =>
    line.replace(FROM_SYSROOT, '$1$2')
  )
  const starts = new Set(
    rows.filter((row) => unreadFile(row) === undefined).map((row) => BigInt(ROW.exec(row)?.[1] ?? -1)),
  )
  const unread = new Set(rows.map(unreadFile))
  const ours = symbols.filter((each) =>
    !starts.has(each.start) && (each.module.kind === 'library' || unread.has(fileOf(nameOf(each))))
  )
  const replaced = new Set(ours.map((each) => fileOf(nameOf(each))))
  const isSpared = (row: string) => {
    const [, start] = unreadFile(row) === undefined ? [] : ROW.exec(row) ?? []
    return start !== undefined && spared.some((each) => each.start <= BigInt(start) && BigInt(start) < each.end)
  }
  const left = rows.filter((row) => !replaced.has(unreadFile(row) ?? ''))
  const all = [
    ...left.filter((row) => !isSpared(row)),
    ...ours.map((each) => rowOf(each, bits)),
    ...left.filter(isSpared).map((row) => row.replace(/ No {10}/, ` ${NOT_NEEDED}  `)),
  ]
  const wide = bits / 4 + 4
  if (all.length === 0) return ''
  const heading = lines[0] ?? `${'From'.padEnd(wide)}${'To'.padEnd(wide)}${COLUMNS}`
  const isMarked = all.some((row) => ROW.exec(row)?.[2]?.endsWith('(*)'))
  return [heading, ...all, ...(isMarked ? explanation : [])].join('\n')
}

const NOT_NEEDED = 'not needed'
const STORE_FOLDER = new RegExp(`^${INSIDE.store}/\\d+`)
const FROM_SYSROOT = new RegExp(`(\\s)${INSIDE.sysroot}(/[^ ]*)$`)

/** The file of a row that gdb did not read, without its folders: those can have two names. */
function unreadFile(row: string): string | undefined {
  const [, , read, name = ''] = ROW.exec(row) ?? []
  return read === 'No' ? fileOf(name) : undefined
}

function rowOf(found: ModuleWithSymbols, bits: 32 | 64): string {
  const address = (value: bigint) => `0x${value.toString(16).padStart(bits / 4, '0')}  `
  return `${address(found.start)}${address(found.end)}${'Yes'.padEnd(12)}${nameOf(found)}`
}

/** As the crashed system called it, else as its package does. */
function nameOf({ module, path }: ModuleWithSymbols): string {
  return module.linkName ?? (module.path || path.replace(STORE_FOLDER, ''))
}

function fileOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
