/**
 * Which blocks of our own code ran, as V8 counts them (`Profiler.takePreciseCoverage`): what a fuzzer steers by. V8 names a
 * block only where its count differs from that of what is around it, so that a block is found when it was named as one that
 * did not run, and is no more. One for each thread.
 */
import { Session } from 'node:inspector'

interface Range {
  startOffset: number
  endOffset: number
  count: number
}

interface Script {
  url: string
  scriptId: string
  functions: { ranges: Range[] }[]
}

/** Blocks of one function that never ran, by where they are. */
type Missing = Map<string, Range>

const OURS = /\/dist\/(src|workers)\//

export class Coverage implements Disposable {
  readonly #session = new Session()
  readonly #functions = new Map<string, { missing: Missing; found: Set<string> }>()
  #size = 0

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** How many blocks and functions ran. */
  get size(): number {
    return this.#size
  }

  /** How many of what ran since the last call never ran before. `learn`: they are known from now on. */
  take(learn: boolean): number {
    let news = 0
    for (const { url, scriptId, functions } of this.#scripts()) {
      if (!OURS.test(url)) continue
      for (const { ranges } of functions) news += this.#look(scriptId, ranges, learn)
    }
    if (learn) this.#size += news
    return news
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  #look(script: string, [whole, ...ranges]: Range[], learn: boolean): number {
    if (whole === undefined || whole.count === 0) return 0
    const key = `${script}:${whole.startOffset}`
    const known = this.#functions.get(key)
    const zeros = ranges.filter(({ count }) => count === 0)
    const ran = [...known?.missing ?? []].filter(([, block]) => !zeros.some((zero) => contains(zero, block)))
    if (!learn) return ran.length + (known === undefined ? 1 : 0)
    const { missing, found } = known ?? { missing: new Map(), found: new Set() }
    if (known === undefined) this.#functions.set(key, { missing, found })
    for (const [place] of ran) {
      missing.delete(place)
      found.add(place)
    }
    for (const zero of zeros) {
      const place = `${zero.startOffset}:${zero.endOffset}`
      if (!found.has(place)) missing.set(place, zero)
    }
    return ran.length + (known === undefined ? 1 : 0)
  }

  #scripts(): Script[] {
    let scripts: Script[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      scripts = result
    })
    return scripts
  }
}

function contains(outer: Range, inner: Range): boolean {
  return outer.startOffset <= inner.startOffset && outer.endOffset >= inner.endOffset
}
