import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readBacktrace, threadAt } from '../../../src/backtrace/file.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const frame = (name: string, line = 1) => ({
  level: 0,
  function: name,
  path: '/lib/a.so',
  line,
  trust: 'exact',
  kind: 'normal',
})
const thread = (number: number, ...names: string[]) => ({
  number,
  lwp: 100 + number,
  frames: names.map((name) => frame(name)),
})

async function read(json: unknown) {
  await using folder = await temporaryFolder()
  writeFileSync(folder.file('backtrace.json'), typeof json === 'string' ? json : JSON.stringify(json))
  const backtrace = await readBacktrace(folder.file('backtrace.json'))
  return { backtrace, at: (range: { start: number; end: number }) => threadAt(folder.file('backtrace.json'), range) }
}

describe('readBacktrace', () => {
  it('tells threads with equal stacks as one group, in their order, and where the first of each lies', async () => {
    await using folder = await temporaryFolder()
    const path = folder.file('backtrace.json')
    const threads = [thread(1, 'crash'), thread(2, 'poll', 'loop'), thread(3, 'wait'), thread(4, 'poll', 'loop')]
    writeFileSync(path, JSON.stringify({ sentence: 'It crashed', threads, modules: [] }))
    const backtrace = await readBacktrace(path)
    expect(backtrace?.crashed?.thread.frames[0]?.function).toBe('crash')
    expect(backtrace?.groups.map(({ number, others, functions }) => [number, others, functions])).toEqual([
      [2, [4], ['poll', 'loop']],
      [3, [], ['wait']],
    ])
    const [, second] = backtrace?.groups ?? []
    expect(second && threadAt(path, second.range)?.frames[0]?.function).toBe('wait')
    expect(threadAt(path, { start: 3, end: 20 })).toBeUndefined()
  })

  it('does not take stacks for equal that differ in a line', async () => {
    const threads = [thread(1, 'a'), { ...thread(2), frames: [frame('f', 1)] }, {
      ...thread(3),
      frames: [frame('f', 2)],
    }]
    const { backtrace } = await read({ threads })
    expect(backtrace?.groups.length).toBe(2)
  })

  it.each([['nothing', ''], ['no JSON', '{"threads'], ['a list', '[]']])('%s is no backtrace', async (_, text) => {
    expect((await read(text)).backtrace).toBeUndefined()
  })

  it('leaves out what has another shape than it should, and links of no web address', async () => {
    const frames = [{
      ...frame('f'),
      source_url: 'javascript:alert(1)',
      line: 'x',
      arguments: [7, null, { name: 1 }],
      trust: 9,
    }]
    const { backtrace } = await read({
      sentence: 7,
      threads: [{ number: 'x', frames }],
      modules: [null, 3, {}],
      registers: { rax: 7, rip: '0x1' },
      languages: 'x',
      messages: [],
      rating: { value: 'x' },
    })
    expect(backtrace?.crashed?.thread.frames[0]).toMatchObject({
      sourceUrl: undefined,
      line: undefined,
      trust: 'no-symbols',
    })
    expect(backtrace?.report).toMatchObject({
      sentence: undefined,
      registers: [['rip', '0x1']],
      rating: undefined,
      languages: [],
    })
  })
})
