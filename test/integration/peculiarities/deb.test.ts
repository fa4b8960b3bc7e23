import { describe, it } from 'vitest'
import { takenByApt } from '../../helpers/apt.ts'
import { compare } from '../../helpers/compared.ts'
import { makeWorld } from '../packages/world.ts'
import { ADDRESSES } from './deb/addresses.ts'
import { INDICES } from './deb/indices.ts'
import { MIRRORS } from './deb/mirrors.ts'
import { RELEASES } from './deb/releases.ts'
import { SIGNATURES } from './deb/signatures.ts'
import { STANZAS } from './deb/stanzas.ts'
import { SUITES } from './deb/suites.ts'

const ROWS = [...ADDRESSES, ...INDICES, ...MIRRORS, ...STANZAS, ...RELEASES, ...SIGNATURES, ...SUITES]

describe('a Debian repository', () => {
  it.each(ROWS.map((row) => [row.name, row] as const))(
    'takes a Debian repository as apt takes it: %s',
    async (_name, row) => {
      await using world = await makeWorld({ serve: row.serve ?? {} })
      await compare(world, row, () => takenByApt(world.folder.file('apt'), world.sourcesText()))
    },
  )
})
