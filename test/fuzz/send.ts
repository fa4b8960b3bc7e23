/** Sends a hunter out, and ends it where it does not come to an end with an input. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { Worker } from 'node:worker_threads'
import type { Find, Hunted } from './hunt.ts'
import type { Errand } from './hunter.ts'
import type { Target } from './target.ts'

/** Longest time over one input. */
const STUCK_MS = 30_000
const MEMORY_MIB = 1024

/** What was found; a thread that hung or died is a find, too. */
export function send(name: string, target: Target, options: { seconds: number; seed: number }): Promise<Hunted> {
  const [bytes, counts] = [new SharedArrayBuffer(target.maxBytes + (4 << 20)), new SharedArrayBuffer(8)]
  const count = new Uint32Array(counts)
  const errand: Errand = { name, ...options, bytes, counts }
  const folder = mkdtempSync(join(tmpdir(), 'retrace-fuzz-'))
  const worker = new Worker(new URL('./hunter.js', import.meta.url), {
    workerData: errand,
    env: { ...env, TMPDIR: folder },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  })
  const dead = (why: string): Hunted => {
    const find: Find = { why, input: new Uint8Array(bytes.slice(0, count[0])) }
    return { executions: count[1] ?? 0, kept: 0, blocks: 0, finds: [find] }
  }
  return new Promise((resolve) => {
    let seen = 0
    const watch = setInterval(() => {
      if (count[1] === seen && seen > 0) done(dead(`did not end within ${STUCK_MS / 1000} s`))
      seen = count[1] ?? 0
    }, STUCK_MS)
    const done = (hunted: Hunted) => {
      clearInterval(watch)
      worker.terminate().then(() => {
        rmSync(folder, { recursive: true, force: true })
        resolve(hunted)
      })
    }
    worker.on('message', done)
    worker.on('error', (error) => done(dead(`ended the thread: ${error.message}`)))
  })
}
