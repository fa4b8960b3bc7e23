/**
 * The index, asked once for each thing: modules of one build ask the same of it again and again, and a row of it takes longer to make
 * than to look up. Owns what it remembers, until packages come or go: then forget() has to be called.
 */
import type { BuildIdRole } from '../../../src/packages/index/build_ids.ts'
import { type FileRow, PackageIndex, type PackageRow } from '../../../src/packages/index/lookup.ts'

export class RememberingIndex extends PackageIndex {
  readonly #answers = new Map<string, readonly unknown[]>()

  /** Files came, or were found to be lost. */
  forget(): void {
    this.#answers.clear()
  }

  override keptFiles(buildId: string): FileRow[] {
    return this.#once(`kept ${buildId}`, () => super.keptFiles(buildId))
  }

  override packagesWith(buildId: string, role: BuildIdRole, releaseId?: number): PackageRow[] {
    return this.#once(`with ${buildId} ${role} ${releaseId}`, () => super.packagesWith(buildId, role, releaseId))
  }

  override madeFrom(build: Pick<PackageRow, 'source' | 'sourceVersion' | 'releaseId'>): PackageRow[] {
    const { source, sourceVersion, releaseId } = build
    return this.#once(`from ${releaseId} ${source} ${sourceVersion}`, () => super.madeFrom(build))
  }

  override versionsOf(name: string, releaseId: number): PackageRow[] {
    return this.#once(`versions ${releaseId} ${name}`, () => super.versionsOf(name, releaseId))
  }

  override sourceUrlOf(releaseId: number): string | undefined {
    return this.#once(`source ${releaseId}`, () => [super.sourceUrlOf(releaseId)])[0]
  }

  /** A copy: who asks sorts what he was given. The rows are the same. */
  #once<Row>(question: string, ask: () => Row[]): Row[] {
    const known = this.#answers.get(question) as readonly Row[] | undefined
    const rows = known ?? ask()
    if (known === undefined) this.#answers.set(question, rows)
    return [...rows]
  }
}
