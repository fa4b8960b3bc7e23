import { expect, it } from 'vitest'
import { workerMemoryMb } from '../../../src/runner/worker_memory.ts'

it('gives a worker the memory that the longest answer of a debugger takes', () => {
  expect([16_384, 16, 65_536].map((maxBacktraceKb) => workerMemoryMb({ maxBacktraceKb }))).toEqual([1536, 1025, 3072])
})
