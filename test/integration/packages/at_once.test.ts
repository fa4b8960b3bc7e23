/** Packages that are opened at a time: what a sandbox may start is counted over all of this process. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deb } from '../../../src/packages/deb/format.ts'
import { DebRepository } from '../../helpers/deb_repository.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** A task fetches four at a time, a repository that is fetched whole as many. */
const AT_A_TIME = 8

describe('packages that are opened at the same time', () => {
  it('are all read, as many as tasks and syncs open', async () => {
    await using folder = await temporaryFolder()
    using repository = new DebRepository(folder.path)
    const bytes = randomBytes(4 << 20)
    const path = repository.add({ name: 'large', version: '1', files: { '/usr/share/large': { bytes } } })
    const signal = AbortSignal.timeout(60_000)
    const opened = Array.from(
      { length: AT_A_TIME },
      () => deb.members(join(repository.root, path), signal)[Symbol.asyncIterator](),
    )
    // Each has been started, and is held by what nobody reads yet.
    const first = await Promise.all(opened.map((each) => each.next()))
    expect(first.map(({ done }) => done)).toEqual(opened.map(() => false))
    const sizes = await Promise.all(opened.map(async (each, at) => {
      let size = 0
      for (let next = first[at]; next?.done === false; next = await each.next()) {
        for await (const chunk of next.value.body) size += (chunk as Uint8Array).length
      }
      return size
    }))
    expect(sizes).toEqual(opened.map(() => bytes.length))
  })
})
