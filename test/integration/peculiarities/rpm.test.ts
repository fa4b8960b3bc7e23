import { afterAll, beforeAll, describe, it } from 'vitest'
import { compare } from '../../helpers/compared.ts'
import { takenByDnf } from '../../helpers/dnf.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import type { RpmRepository } from '../../helpers/rpm_repository.ts'
import { FILES } from './rpm/files.ts'
import { INDICES } from './rpm/indices.ts'
import { PRIMARY } from './rpm/primary.ts'
import { SECTIONS } from './rpm/sections.ts'
import { SIGNATURES } from './rpm/signatures.ts'
import { makeTemplate, worldOf } from './rpm/world.ts'

const ROWS = [...SECTIONS, ...INDICES, ...PRIMARY, ...FILES, ...SIGNATURES]

let folder: Folder
let template: RpmRepository
beforeAll(async () => {
  folder = await temporaryFolder()
  template = makeTemplate(folder.path)
})
afterAll(async () => {
  template[Symbol.dispose]()
  await folder[Symbol.asyncDispose]()
})

describe('a yum repository', () => {
  it.each(ROWS.map((row) => [row.name, row] as const))(
    'takes a yum repository as dnf takes it: %s',
    async (_name, row) => {
      await using world = await worldOf(template, row)
      await compare(world, row, () => takenByDnf(world.folder.file('dnf'), world.repoText(), row.variables))
    },
  )
})
