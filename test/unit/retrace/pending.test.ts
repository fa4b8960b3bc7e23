/** When an answer is complete, though gdb failed behind it and the machine is busy. The pipe is a real one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Answer, Pending } from '../../../workers/retrace/gdb/pending.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const FAILED = { class: 'error', results: { msg: 'Cannot access memory at address 0x0' } }

function waiting(limitMs = 20_000): { pending: Pending; answer: Promise<Answer> } {
  let pending: Pending | undefined
  const answer = new Promise<Answer>((onAnswer) => {
    const nothing = () => undefined
    pending = new Pending({ token: 7, isQuestion: true, limitMs, onLate: nothing, onStuck: nothing, onAnswer })
  })
  if (pending === undefined) throw new Error('There is none')
  return { pending, answer }
}

it('is what the question said, where that has come and nobody has looked before the time for it was over', async () => {
  const { pending, answer } = waiting()
  const messages = [{ text: 'all of it' }, { end: 7 }]
  await using folder = await temporaryFolder()
  const script = 'sleep 0.1; echo x; : >"$0"'
  const child = spawn('sh', ['-c', script, folder.file('said')], { stdio: ['ignore', 'pipe', 'ignore'] })
  child.stdout.on('data', () => messages.forEach((each) => pending.onMessage(each)))
  await once(child, 'spawn')
  pending.onResult(FAILED)
  // Longer than an end is waited for, and until it is in the pipe.
  for (let tenth = 0; tenth < 5 || tenth < 300 && !existsSync(folder.file('said')); tenth++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  expect(await answer).toMatchObject({ kind: 'done', data: [{ text: 'all of it' }] })
})

it('waits on while the question says more, and ends with the failure where that says no more', async () => {
  const { pending, answer } = waiting()
  pending.onResult(FAILED)
  for (let at = 0; at < 4; at++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    pending.onMessage({ text: `${at}` })
  }
  expect(await answer).toMatchObject({
    kind: 'error',
    message: FAILED.results.msg,
    data: [0, 1, 2, 3].map((at) => ({ text: `${at}` })),
  })
})

it('ends when its time is over, however much the question says', async () => {
  const { pending, answer } = waiting(500)
  pending.onResult(FAILED)
  const saying = setInterval(() => pending.onMessage({ text: 'more' }), 20)
  expect((await answer).kind).toBe('error')
  clearInterval(saying)
})

it('keeps of what gdb complains of no more than the beginning of each line', async () => {
  const { pending, answer } = waiting()
  pending.onComplaint('x'.repeat(1_000_000))
  pending.onEnd({ kind: 'closed', detail: '' })
  expect((await answer).complaints).toEqual(['x'.repeat(500)])
})
