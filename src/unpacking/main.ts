/** A thread that unpacks uploads, as threads.ts starts it: each comes with a port of its own. */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { threadStandsBack } from '../process/niceness.ts'
import { serve } from './job.ts'
import type { Job } from './messages.ts'

/** Behind the thread that all requests share, with the decoders that are started here; before the workers. */
const NICENESS = 10

threadStandsBack(NICENESS)
parentPort?.on('message', ({ port, job }: { port: MessagePort; job: Job }) => void serve(port, job))
