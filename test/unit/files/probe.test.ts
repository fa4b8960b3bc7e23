import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { whyNoFiles } from '../../../src/files/probe.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it('whyNoFiles() leaves nothing behind, and tells a folder from what is none', async () => {
  await using folder = await temporaryFolder()
  expect(await whyNoFiles(folder.path)).toBeUndefined()
  expect(readdirSync(folder.path)).toEqual([])
  expect(await whyNoFiles(folder.file('nowhere'))).toBe('ENOENT')
  expect(await whyNoFiles('/dev/null')).toBe('ENOTDIR')
  // A file system without nameless files: modes decide, and those of root's folder let root.
  expect(await whyNoFiles('/sys')).not.toBe('ENOTSUP')
})
