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

  it('does not take stacks for equal by names that hold what parts them', async () => {
    const threads = [thread(1, 'a'), thread(2, 'f', 'g'), thread(3, 'f\0/lib/a.so\u00001\ng')]
    expect((await read({ threads })).backtrace?.groups.length).toBe(2)
  })

  it('counts all threads of a stack, and says of how many nothing is shown', async () => {
    const threads = Array.from({ length: 20_003 }, (_, at) => thread(at + 1, at === 0 ? 'crash' : 'poll'))
    const { backtrace } = await read({ threads: [...threads.slice(0, 3), null, ...threads.slice(3)] })
    expect(backtrace?.groups.map(({ times }) => times)).toEqual([19_998])
    expect(backtrace?.unread).toBe(5)
    expect((await read({ threads: [null, thread(2, 'poll')] })).backtrace?.unread).toBe(1)
  })

  it('has threads whole where all of them are small', async () => {
    const wholeOf = async (...threads: unknown[]) =>
      (await read({ threads })).backtrace?.groups.map((group) => group.thread?.frames.length)
    const large = { ...thread(4, 'large'), lost: [{ part: 'frames', why: 'x'.repeat(2 ** 18) }] }
    const small = [thread(1, 'crash'), thread(2, 'a', 'b'), thread(3, 'c'), thread(4, 'c')]
    expect(await wholeOf(...small)).toEqual([2, 1])
    expect(await wholeOf(...small, large)).toEqual([undefined, undefined, undefined])
  })

  it('reads nothing that is nested too deep', async () => {
    const threads = [thread(1, 'crash'), thread(2, 'small'), { ...thread(3, 'deep'), more: 'DEEP' }, thread(4, 'x')]
    const json = { sentence: 'It crashed', core: { command_line: 'DEEP' }, signal: { name: 'SIGSEGV' }, threads }
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const { backtrace } = await read(JSON.stringify(json).replaceAll('"DEEP"', deep))
    expect(backtrace?.groups.map(({ number }) => number)).toEqual([2, 4])
    expect([backtrace?.unread, backtrace?.report.sentence, backtrace?.report.signal]).toEqual([
      1,
      'It crashed',
      'SIGSEGV',
    ])
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
