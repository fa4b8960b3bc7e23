/**
 * How the package formats of this installation name things, without the rest of them: light enough for every worker.
 * A new format has a line here, and one in `formats.ts`. Where texts of several could be meant, the first counts first.
 */
import { naming as deb } from '../deb/naming.ts'
import type { PackageNaming } from '../format/naming.ts'
import { naming as rpm } from '../rpm/naming.ts'

export const NAMINGS: readonly PackageNaming[] = [rpm, deb]
