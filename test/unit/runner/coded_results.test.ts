/** Results in a coding, made once: who gives up, what is in the way of one, and how many are made at once. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { CodedResults, MAX_MADE, MAX_WAITING } from '../../../src/runner/coded_results.ts'
import { Task } from '../../../src/task/task.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const TEXT = 'frame\n'.repeat(400_000)
const wanted = () => ({ result: 'backtrace', coding: 'gzip', gone: new AbortController().signal } as const)

function coded(minFreeMb = 0): CodedResults {
  return new CodedResults({ config: { minFreeMb }, metrics: createMetrics() })
}

function taskIn(directory: string, text: string = TEXT): Task {
  mkdirSync(directory)
  writeFileSync(`${directory}/backtrace`, text)
  return new Task(directory)
}

it('keeps a copy beside the result, which decodes to it', async () => {
  await using folder = await temporaryFolder()
  const task = taskIn(folder.file('1'))
  const copy = await coded().get(task, wanted())
  expect(copy).toBe(task.file('backtrace.gz'))
  expect(gunzipSync(readFileSync(copy ?? '')).toString() === TEXT).toBe(true)
  expect(coded().kept(task, 'backtrace', 'gzip')).toBe(copy)
})

it('ends the making when all who wait have gone, and not before', async () => {
  await using folder = await temporaryFolder()
  const results = coded()
  const task = taskIn(folder.file('1'))
  const clients = [new AbortController(), new AbortController()]
  const asked = clients.map(({ signal }) => results.get(task, { ...wanted(), gone: signal }))
  clients[0]?.abort()
  expect((await Promise.all(asked))[1]).toBe(task.file('backtrace.gz'))

  const other = taskIn(folder.file('2'))
  const going = [new AbortController(), new AbortController()]
  const waiting = going.map(({ signal }) => results.get(other, { ...wanted(), gone: signal }))
  await new Promise((resolve) => setTimeout(resolve, 2))
  for (const client of going) client.abort()
  expect(await Promise.all(waiting)).toEqual([undefined, undefined])
  expect(readdirSync(other.directory)).toEqual(['backtrace'])
  expect(await results.get(other, wanted())).toBe(other.file('backtrace.gz'))
})

it('sends a result as it is where the disk has no room, where the task goes, and behind very many others', async () => {
  await using folder = await temporaryFolder()
  const task = taskIn(folder.file('1'))
  expect(await coded(1e9).get(task, wanted())).toBeUndefined()
  const results = coded()
  const gone = results.get(task, wanted())
  rmSync(task.directory, { recursive: true })
  expect(await gone).toBeUndefined()

  const many = Array.from(
    { length: MAX_MADE + MAX_WAITING + 5 },
    (_, n) => taskIn(folder.file(`many${n}`), 'x'.repeat(2000)),
  )
  const answers = await Promise.all(many.map((each) => results.get(each, wanted())))
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(5)
})
