import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { settingsIn } from '../../../src/config/settings_text.ts'

describe('settingsIn()', () => {
  const text = `# RETRACE_A=0
RETRACE_A=1
RETRACE_B="with a space, a \\" and a \\\\"
RETRACE_C='as it is: \\n'
export RETRACE_D=4
RETRACE_E=
RETRACE_A=2
no line of ours
`
  const expected = {
    RETRACE_A: '2',
    RETRACE_B: 'with a space, a " and a \\',
    RETRACE_C: 'as it is: \\n',
    RETRACE_D: '4',
    RETRACE_E: '',
  }

  it('reads quotes, exports and comments, and the last of what is set twice', () => {
    expect(settingsIn(text)).toEqual(expected)
  })

  it('reads them as a shell does', () => {
    const words = ['-c', 'set -a; eval "$0"; exec env -0', text.replace('no line of ours\n', '')]
    const all = execFileSync('sh', words, { env: {}, encoding: 'utf8' }).split('\0').map((each) => each.split(/=(.*)/s))
    expect(
      Object.fromEntries(all.filter(([name]) => name?.startsWith('RETRACE_')).map(([name, value]) => [name, value])),
    )
      .toEqual(expected)
  })
})
