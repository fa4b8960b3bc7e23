import { describe, expect, it } from 'vitest'
import type { BinaryResult, Search } from '../../../workers/retrace/resolve/binary.ts'
import { findDebugBeside } from '../../../workers/retrace/resolve/debuginfo.ts'

describe('findDebugBeside()', () => {
  const nothing = { file: undefined, owner: undefined, tried: [] }
  /** Without a build-id nothing is searched. */
  const search = {} as Search
  const binary = (hasDebug: boolean) =>
    ({ file: { path: '/p', buildId: undefined, row: { hasDebug } }, owner: undefined, tried: [] }) as unknown as
      & BinaryResult
      & { file: object }

  it('takes a binary that carries its own debuginfo, though it has no build-id', async () => {
    const own = binary(true)
    expect((await findDebugBeside(own, search, nothing)).file).toBe(own.file)
  })

  it('takes none of a stripped binary without a build-id', async () => {
    expect(await findDebugBeside(binary(false), search, nothing)).toEqual(nothing)
  })
})
