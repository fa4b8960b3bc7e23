/**
 * A mismatch is never used: wrong symbols are worse than none (docs/architecture.md, rule 2). The one place where a
 * kept file becomes a file of a module, whether its program or library, its debuginfo or a dwz file: nothing else makes
 * a `Matching`, and the later steps take nothing else.
 */
import type { CoreModule } from '../../../src/elf/module.ts'

interface Identified {
  /** Hexadecimal; undefined: the file has none. */
  readonly buildId: string | undefined
}

declare const compared: unique symbol

/**
 * A file that was compared with what is wanted: its build-id, or its checksum; where there is neither to compare, its path
 * alone speaks for it (matchingByPath).
 */
export type Matching<File extends Identified> = File & { readonly [compared]: true }

/** Whether a file is of another build than the one that is wanted. */
export function isMismatch(wanted: string, { buildId }: Identified): boolean {
  return buildId !== wanted
}

/** The file, unless it is a mismatch. */
export function matching<File extends Identified>(wanted: string, file: File): Matching<File> | undefined {
  return isMismatch(wanted, file) ? undefined : file as Matching<File>
}

/** The file whose bytes have the checksum that a program or library has of its debug file: it knows it by nothing else. */
export function matchingByChecksum<File extends Identified>(
  wanted: number,
  file: File,
  checksum: number,
): Matching<File> | undefined {
  return checksum === wanted ? file as Matching<File> : undefined
}

/**
 * The file at a module's path: where the core holds no build-id of the module there is nothing to compare, and the path
 * has to speak for it. Where it holds one, that counts, as ever.
 */
export function matchingByPath<File extends Identified>(
  { buildId }: Pick<CoreModule, 'buildId'>,
  file: File,
): Matching<File> | undefined {
  return buildId === undefined ? file as Matching<File> : matching(buildId, file)
}
