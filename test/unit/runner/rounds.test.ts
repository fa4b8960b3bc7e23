/** Tasks that wait for memory from their clients: how long, and what of it is theirs. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Job } from '../../../src/runner/job.ts'
import { Rounds } from '../../../src/runner/rounds.ts'

const ended: string[] = []
let rounds: Rounds

beforeEach(() => {
  vi.useFakeTimers()
  ended.length = 0
  const note = (how: string) => (job: Job) =>
    void ended.push(`${job.task.id} ${how} after ${Math.round(job.waitedMs)} ms`)
  rounds = new Rounds({ goOn: note('goes on'), giveUp: note('ends') })
})
afterEach(() => void vi.useRealTimers())

const job = (id: string, waitedMs = 0) => ({ task: { id }, share: undefined, waitedMs }) as unknown as Job

it('counts what a task waited, in all its rounds, whether memory came or not', () => {
  rounds.wait(job('1', 5000), 60)
  rounds.wait(job('2'), 60)
  vi.advanceTimersByTime(20_000)
  using turn = rounds.turn('1')
  expect(turn?.goOn()).toBe(true)
  vi.advanceTimersByTime(40_000)
  expect(ended).toEqual(['1 goes on after 25000 ms', '2 ends after 60000 ms'])
})

it('tells the first that may end, and nothing where none waits', () => {
  expect(rounds.soonest()).toBeUndefined()
  rounds.wait(job('1'), 60)
  rounds.wait(job('2'), 40)
  vi.advanceTimersByTime(10_000)
  expect(rounds.soonest()).toBe(30)
  rounds.dropAll()
  expect(rounds.soonest()).toBeUndefined()
})
