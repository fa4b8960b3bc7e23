/** A view that cannot be removed ends nobody's work: it is a stray, which a later clean-up takes. */
import { existsSync, rmSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { KeptView } from '../../../../src/packages/keep/view.ts'
import { temporaryFolder } from '../../../helpers/folder.ts'

/** As NFS does it: a file that gdb has mapped keeps a name until that ends. */
let isBusy = false
vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>()
  return {
    ...original,
    rmSync(...named: Parameters<typeof rmSync>) {
      if (isBusy) throw Object.assign(new Error('EBUSY: resource busy or locked'), { code: 'EBUSY' })
      original.rmSync(...named)
    },
  }
})

it('that is busy stays, and the next one is made beside it', async () => {
  await using store = await temporaryFolder()
  const view = KeptView.make(store.path)
  if (!(view instanceof KeptView)) throw new Error('Expected a view')
  isBusy = true
  expect(() => view[Symbol.dispose]()).not.toThrow()
  expect(existsSync(view.folder)).toBe(true)
  const next = KeptView.make(store.path)
  expect(next).toBeInstanceOf(KeptView)
  isBusy = false
  view[Symbol.dispose]()
  expect(existsSync(view.folder)).toBe(false)
})
