import { describe, expect, it } from 'vitest'
import { bucketOf, secondsOf } from '../../../src/runner/end_table.ts'
import { detailsOf, withoutValues } from '../../../src/runner/details.ts'
import { taskWith } from '../../helpers/task_directory.ts'

describe('withoutValues', () => {
  it.each([
    [
      'python3.11 of debian-12 read address 0x0 in strlen, called by string_at (_ctypes.c:5564)',
      'python3.11 of debian-12 read address 0x0 in strlen, called by string_at (_ctypes.c:5564)',
    ],
    [
      'a wrote to address 0x7ffd1234, which is behind the end of a file or misaligned, in f',
      'a wrote to address 0x…, which is behind the end of a file or misaligned, in f',
    ],
    ["a aborted ('password=hunter2') in f", 'a aborted in f'],
    ["a failed the assertion 'x == 'secret'' in f (a.c:1)", 'a failed the assertion in f (a.c:1)'],
    [
      "a ended by an uncaught exception std::runtime_error ('user joe ('x')'), thrown in f",
      'a ended by an uncaught exception std::runtime_error, thrown in f',
    ],
    [
      'a was ended by SIGTERM that process 4711 sent in poll',
      'a was ended by SIGTERM that another process sent in poll',
    ],
    ['a read address 0x0 in 0xdeadbeef', 'a read address 0x0 in 0x…'],
  ])('%s: %s', (sentence, expected) => {
    expect(withoutValues(sentence)).toBe(expected)
  })
})

describe('detailsOf', () => {
  it('names what a task lacked by file, package and build-id, and no folder', async () => {
    const modules = [
      { path: '/home/joe/lib.so', status: 'missing', build_id: 'ab12', package: null },
      { path: '/usr/lib/b.so', status: 'no-debuginfo', build_id: 'cd', package: 'b_1_amd64' },
      { path: '/usr/lib/c.so', status: 'exact', build_id: 'ef', package: 'c_1_amd64' },
      { path: '/x', status: 'missing', build_id: '../../etc' },
    ]
    await using directory = await taskWith({ 'modules.json': JSON.stringify(modules) })
    expect(detailsOf(directory.task, undefined, 3600).missing).toEqual([
      { package: '', file: 'lib.so', buildId: 'ab12', status: 'missing' },
      { package: 'b_1_amd64', file: 'b.so', buildId: 'cd', status: 'no-debuginfo' },
      { package: '', file: 'x', buildId: '', status: 'missing' },
    ])
  })

  it.each([['nothing', {}], ['nonsense', { 'modules.json': '{"a":[' }], ['another shape', { 'modules.json': '[7]' }]])(
    'of a table of modules that is %s tells nothing',
    async (_, files) => {
      await using directory = await taskWith(files)
      expect(detailsOf(directory.task, undefined, 0)).toMatchObject({ missing: [], seconds: {}, sentence: undefined })
    },
  )
})

describe('buckets of times', () => {
  it.each([0, 0.001, 0.02, 0.5, 1, 17, 600, 86_400])('%f s is told to an eighth of itself', (seconds) => {
    const told = secondsOf(bucketOf(seconds))
    expect(Math.abs(told - Math.max(seconds, 0.001)) / told).toBeLessThan(0.13)
  })
})
