/** The thread that starts workers, as starter.ts starts it. It lives as long as they do: they die with it (PR_SET_PDEATHSIG). */
import { parentPort } from 'node:worker_threads'
import { asError } from '../errors/errno.ts'
import { carry } from '../process/carried_error.ts'
import type { FromStarter, ToStarter } from './starter_messages.ts'
import { startWorkerInto, type WorkerEnd, type WorkerProcess } from './worker_process.ts'

const workers = new Map<number, WorkerProcess>()
const tell = (message: FromStarter) => parentPort?.postMessage(message)

function tellEnd(key: number, { code, signal, error }: WorkerEnd): void {
  workers.delete(key)
  tell({ kind: 'ended', key, code, signal, error: error && carry(error) })
}

parentPort?.on('message', (message: ToStarter) => {
  const { key } = message
  switch (message.kind) {
    case 'start':
      try {
        const worker = startWorkerInto(message.log, message.wish)
        workers.set(key, worker)
        tell({ kind: 'started', key, pid: worker.pid })
        void worker.ended.then((end) => tellEnd(key, end))
      } catch (cause) {
        tellEnd(key, { code: null, signal: null, error: asError(cause) })
      }
      return
    case 'assign':
      return workers.get(key)?.assign(message.directory)
    case 'kill':
      return workers.get(key)?.kill()
  }
})
