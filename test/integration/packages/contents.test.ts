/** Which lists of files are read: of those that the signed Release names, the ones that tell something. */
import { describe, expect, it } from 'vitest'
import type { PublishOptions } from '../../helpers/deb_suite.ts'
import { makeWorld } from './world.ts'

const OWN = 'main/Contents-amd64'
const ALL = 'main/Contents-all'
const LIST = 'usr/lib/libforall.so.1  test/forall\n'
const APART = { 'No-Support-for-Architecture-all': undefined }

describe('Contents-all', () => {
  it.each<[string, PublishOptions, string[]]>([
    ['is not read beside Contents of an archive whose Packages hold what is for all', { indices: { [ALL]: LIST } }, []],
    ['is read where there is no other', { indices: { [OWN]: undefined, [ALL]: LIST } }, ['forall']],
    ['is read where packages for all are kept apart', { indices: { [ALL]: LIST }, fields: APART }, ['forall']],
    ['is read at the top of the suite', { indices: { [OWN]: undefined, 'Contents-all': LIST } }, ['forall']],
    [
      'is not read where the suite has nothing for all',
      { indices: { [OWN]: undefined, [ALL]: LIST }, fields: { Architectures: 'amd64', ...APART } },
      [],
    ],
    [
      'is not read where the suite says that it does not count',
      {
        indices: { [ALL]: LIST, [OWN]: undefined },
        fields: { 'No-Support-for-Architecture-all': 'Packages Contents' },
      },
      [],
    ],
    ['is not asked for where Release does not name it', { fields: APART }, []],
  ])('%s', async (_name, options, owners) => {
    await using world = await makeWorld()
    world.repository.add({ name: 'forall', version: '1', architecture: 'all', files: {} })
    world.repository.add({ name: 'tool', version: '1', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish(options)
    expect(await world.sync()).toBe(0)
    const { releaseId } = world.row('tool')
    expect(world.index.ownersOf('/usr/lib/libforall.so.1', releaseId)).toEqual(owners)
    expect(world.index.ownersOf('/usr/bin/tool', releaseId)).toEqual(
      options.indices && OWN in options.indices ? [] : ['tool'],
    )
    const asked = world.server.requests.filter((path) => path.includes('Contents-all'))
    expect(asked).toHaveLength(owners.length)
  })
})
