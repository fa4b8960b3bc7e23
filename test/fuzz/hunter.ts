/** A thread that hunts over one target; the thread that started it sees, by shared memory, what is read at the moment. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { Coverage } from './coverage.ts'
import { hunt } from './hunt.ts'

/** What a hunter is given. */
export interface Errand {
  readonly name: string
  readonly seconds: number
  readonly seed: number
  /** The input that is read at the moment, how long it is, and how many were read before. */
  readonly bytes: SharedArrayBuffer
  readonly counts: SharedArrayBuffer
}

const { name, seconds, seed, bytes, counts } = workerData as Errand
/** Blocks are counted in what is compiled from now on. */
using coverage = new Coverage()
const { findsOf, TARGETS } = await import('./targets.ts')
const target = TARGETS[name]
if (target === undefined) throw new Error(`Expected the name of a target, got ${name}`)
const [current, count] = [new Uint8Array(bytes), new Uint32Array(counts)]
const canary = {
  path: join(tmpdir(), 'secret'),
  secret: createHash('sha256').update(`${seed}`).digest('hex'),
}
writeFileSync(canary.path, canary.secret)
const first = [...await target.seeds(), ...findsOf(name).map(({ input }) => input)]
const onInput = (input: Uint8Array) => {
  current.set(input)
  count[0] = input.length
  count[1] = (count[1] ?? 0) + 1
}
const hunted = await hunt(target, first, { seconds, seed, canary, coverage, onInput })
await target.close?.()
parentPort?.postMessage(hunted)
