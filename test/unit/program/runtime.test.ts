import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { workerCommand } from '../../../src/program/runtime.ts'

describe('workerCommand()', () => {
  it('starts the built program under Node, by the script that people start', () => {
    const [program = '', ...more] = workerCommand(undefined)
    expect([existsSync(program), program.endsWith('/ops/bin/abrt-retrace-worker'), more]).toEqual([true, true, []])
  })

  it('starts the sources under the Deno that runs the server', () => {
    const [program, ...words] = workerCommand('/opt/deno')
    expect([program, words[0], existsSync(words.at(-1) ?? '')]).toEqual(['/opt/deno', 'run', true])
  })
})
