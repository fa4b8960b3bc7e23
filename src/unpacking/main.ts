/** A thread that unpacks uploads, as threads.ts starts it: each comes with a port of its own. */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { serve } from './job.ts'
import type { Job } from './messages.ts'

parentPort?.on('message', ({ port, job }: { port: MessagePort; job: Job }) => void serve(port, job))
