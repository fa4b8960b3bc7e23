/** Programs that are started with what V8 compiled of them before (ops/lib/start.cjs). */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { isTaken, workerFlags } from '../helpers/code_cache.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const START = join(installationRoot(), 'ops/lib/start.cjs')
const PROGRAM = `const { basename } = require('node:path')
setTimeout(() => { console.log(basename(__filename), process.argv.slice(2).join(' ')); process.exit(3) })`

it('run the same with what was compiled, without it, and with what another V8 left; their arguments are their own', async () => {
  await using folder = await temporaryFolder()
  const [program, cache] = [folder.file('tool.cjs'), folder.file('tool.cache')]
  writeFileSync(program, PROGRAM)
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(execPath, [START, ...words], { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const right = { status: 3, stdout: 'tool.cjs --cache of mine\n', stderr: '' }
  expect(run(program, '--cache', 'of', 'mine')).toEqual(right)
  expect(existsSync(cache)).toBe(false)
  expect(run('--cache', program, '--cache', 'of', 'mine')).toEqual(right)
  expect(run(program, '--cache', 'of', 'mine')).toEqual(right)
  const whole = readFileSync(cache)
  for (
    const other of [
      whole.subarray(0, 100),
      new Uint8Array(),
      Uint8Array.from(whole, (byte, at) => at < 16 ? ~byte : byte),
    ]
  ) {
    writeFileSync(cache, other)
    expect(run(program, '--cache', 'of', 'mine')).toEqual(right)
  }
  writeFileSync(cache, Uint8Array.from(whole, (byte, at) => at === whole.length >> 1 ? ~byte : byte))
  expect(run(program, '--cache', 'of', 'mine')).toEqual(right)
  // Of another text of the same length V8 takes the cache without a word.
  writeFileSync(cache, whole)
  writeFileSync(program, PROGRAM.replace('exit(3)', 'exit(4)'))
  expect(run(program, '--cache', 'of', 'mine')).toEqual({ ...right, status: 4 })
})

const CACHE = join(installationRoot(), 'dist/bundle/abrt-retrace-worker.cache')
const WHY = existsSync(CACHE) ? '' : ' (skipped: this build has none, see ops/lib/build)'

it.skipIf(WHY !== '')(
  `the worker's cache is taken by Node under the flags that it starts with, and by no others${WHY}`,
  () => {
    const said = (flags: string[]) =>
      spawnSync(execPath, [...flags, '-e', isTaken(installationRoot())], { encoding: 'utf8' }).stdout.trim()
    expect([said(workerFlags()), said(['--min-semi-space-size=8'])]).toEqual(['taken', 'thrown away'])
  },
)
