/** The package formats that this installation knows: a new one is a folder, and a line here. */
import { deb } from './deb/format.ts'
import type { PackageFormat } from './format/format.ts'
import { rpm } from './rpm/format.ts'

export const FORMATS: readonly PackageFormat[] = [deb, rpm]

/** The format of a repository row. */
export function formatNamed(name: string): PackageFormat {
  const format = FORMATS.find((one) => one.name === name)
  if (format === undefined) throw new RangeError(`Expected a package format that is known here, got ${name}`)
  return format
}
