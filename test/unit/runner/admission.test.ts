/** What becomes of the worker that was started while an upload arrived. */
import { expect, it } from 'vitest'
import { Admission } from '../../../src/runner/admission.ts'
import type { WorkerProcess } from '../../../src/runner/worker_process.ts'
import type { Task } from '../../../src/task/task.ts'

function admitted() {
  const done: string[] = []
  const admission = new Admission({
    release: () => done.push('place given back'),
    share: { [Symbol.dispose]: () => done.push('share given back') },
    prestart: (log) => {
      done.push(`started with ${log}`)
      return { kill: () => done.push('killed') } as unknown as WorkerProcess
    },
  })
  return { admission, done }
}

it('is started once, however often it is asked for, and killed with the upload', () => {
  const { admission, done } = admitted()
  for (let chunk = 0; chunk < 3; chunk++) admission.prestart('log')
  admission[Symbol.dispose]()
  admission.prestart('log')
  admission[Symbol.dispose]()
  expect(done).toEqual(['started with log', 'killed', 'share given back', 'place given back'])
})

it('is handed to the task, however often it was asked for', () => {
  const { admission, done } = admitted()
  for (let chunk = 0; chunk < 3; chunk++) admission.prestart('log')
  const { worker, share } = admission.handOver({ id: '1' } as Task)
  admission[Symbol.dispose]()
  expect([worker !== undefined, share !== undefined]).toEqual([true, true])
  expect(done).toEqual(['started with log', 'place given back'])
})
