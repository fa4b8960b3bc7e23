import { describe, expect, it } from 'vitest'
import { packagePath } from '../../../../schema/tables.ts'
import { namesWithPath, ownersOf } from '../../../../src/packages/index/paths.ts'
import { addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('ownersOf()', () => {
  it('gives the names that had exactly this path in this release, and 50 at most', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    const add = (path: string, name: string, id = releaseId) =>
      at.database.insert(packagePath).values({ path, name, releaseId: id }).run()
    add('/usr/bin/tool', 'tool')
    add('/usr/bin/tool', 'tool-tiny')
    add('/usr/bin/tool2', 'tool2')
    add('/usr/bin/tool', 'newer', other)
    expect(ownersOf(at.database, '/usr/bin/tool', releaseId)).toEqual(['tool', 'tool-tiny'])
    expect(namesWithPath(at.database, releaseId)).toEqual(new Set(['tool', 'tool-tiny', 'tool2']))
    for (let copy = 0; copy < 60; copy++) add('/usr/bin/tool', `copy${copy}`)
    expect(ownersOf(at.database, '/usr/bin/tool', releaseId)).toHaveLength(50)
  })
})
