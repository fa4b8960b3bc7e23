import { expect, it } from 'vitest'
import { workerNiceness } from '../../../src/runner/worker_niceness.ts'

it('nobody stands back while a processor is left to the server, and from then on as far as can be', () => {
  expect([1, 2, 3, 4, 5, 20].map((tasks) => workerNiceness(tasks, 4))).toEqual([0, 0, 0, 19, 19, 19])
  expect([1, 2].map((tasks) => workerNiceness(tasks, 2))).toEqual([0, 19])
})

it('on one processor the server does not starve who shares it', () => {
  expect([1, 20].map((tasks) => workerNiceness(tasks, 1))).toEqual([10, 10])
})
