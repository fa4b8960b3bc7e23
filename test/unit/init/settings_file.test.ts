import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withSettings } from '../../../src/init/settings_file.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it('a setting in a comment is put in force, one in force stays, and others are added', () => {
  const text = '# where\n#RETRACE_PORT=8443\nRETRACE_TLS_CERT=/mine.crt\n'
  expect(withSettings(text, { RETRACE_PORT: '1', RETRACE_TLS_CERT: '/made.crt', RETRACE_HOST: '::1' }))
    .toBe('# where\nRETRACE_PORT=1\nRETRACE_TLS_CERT=/mine.crt\nRETRACE_HOST=::1\n')
})

it('the same settings twice change nothing', () => {
  const once = withSettings('', { RETRACE_PORT: '1' })
  expect(once).toBe('RETRACE_PORT=1\n')
  expect(withSettings(once, { RETRACE_PORT: '1' })).toBe(once)
})

it.each(['/a b/c', '/a$b', '/a"b\\c`d', "/it's"])('a shell reads the path %s back', async (path) => {
  await using folder = await temporaryFolder()
  writeFileSync(folder.file('env'), withSettings('', { RETRACE_SPOOL_DIR: path }))
  const words = ['-c', '. "$0"; printf %s "$RETRACE_SPOOL_DIR"', folder.file('env')]
  expect(execFileSync('sh', words, { encoding: 'utf8' })).toBe(path)
})
