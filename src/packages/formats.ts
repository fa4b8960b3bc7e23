/**
 * The package formats of this installation, whole: what syncs and opens packages takes them from here. A new one is a
 * folder, a line here, and one in `naming/namings.ts`.
 */
import { deb } from './deb/format.ts'
import type { PackageFormat } from './format/format.ts'
import { rpm } from './rpm/format.ts'

export const FORMATS: readonly PackageFormat[] = [rpm, deb]
