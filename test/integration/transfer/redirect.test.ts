/** A mirror that points at addresses of this machine's own network. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

/** Of a network for examples (RFC 5737): it is this machine's in the test's own network namespace alone. */
const OUTER = '203.0.113.5'

it('follows no redirect from outside to this machine or its network, whatever it is called, and those within it', () => {
  const program = join(installationRoot(), 'dist', 'test', 'helpers', 'redirecting.js')
  const script = `ip link set lo up && ip addr add ${OUTER}/32 dev lo && exec "$0" "$1" ${OUTER}`
  const said = execFileSync('unshare', ['-rn', 'sh', '-c', script, execPath, program], { encoding: 'utf8' })
  expect(JSON.parse(said)).toEqual({
    answers: {
      '127.0.0.1': 'refused',
      'localhost': 'refused',
      '[::1]': 'refused',
      '[::ffff:127.0.0.1]': 'refused',
      '0.0.0.0': 'refused',
      '2130706433': 'refused',
      [OUTER]: '200',
    },
    before: 1,
    own: '200',
  })
})
