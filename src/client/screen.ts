/** What the person sees while it goes on: on standard error, one line that changes, or lines where there is no terminal. */
import { stderr } from 'node:process'
import { SingleBar } from 'cli-progress'
import { escapeText } from '../text/escape.ts'
import { size } from './about.ts'

export class Screen {
  readonly #isQuiet: boolean
  readonly #isTerminal: boolean
  #changing = false
  #last = ''

  constructor({ isQuiet }: { isQuiet: boolean }) {
    this.#isQuiet = isQuiet
    this.#isTerminal = stderr.isTTY === true
  }

  /** A line that stays, also where it is quiet: the person has to know it. */
  tell(line: string): void {
    this.clear()
    stderr.write(`${escapeText(line, { keep: '\t' })}\n`)
  }

  /** What goes on now: it takes the place of what went on before. */
  now(line: string): void {
    if (this.#isQuiet || line === this.#last) return
    this.#last = line
    const width = Math.max(20, (stderr.columns ?? 80) - 1)
    const shown = escapeText(line, { length: this.#isTerminal ? width - 3 : 500 })
    if (!this.#isTerminal) return void stderr.write(`${shown}\n`)
    this.clear()
    stderr.write(shown.slice(0, width))
    this.#changing = true
  }

  clear(): void {
    if (this.#changing) stderr.write('\r\u001b[2K')
    this.#changing = false
  }

  /** Tells how much was sent; call it with all bytes so far, then `end`. */
  progress(total: number): { update(done: number): void; end(): void } {
    if (this.#isQuiet) return { update: () => undefined, end: () => undefined }
    if (!this.#isTerminal) {
      this.now(`sending ${size(total)}`)
      return { update: () => undefined, end: () => undefined }
    }
    this.clear()
    const started = Date.now()
    const bar = new SingleBar({
      format: 'sending {bar} {percentage}% of {total_size}, {rate} a second, {eta_formatted} left',
      hideCursor: true,
      clearOnComplete: true,
      stream: stderr,
    })
    const payload = (done: number) => ({
      total_size: size(total),
      rate: size(done / Math.max(0.1, (Date.now() - started) / 1000)),
    })
    bar.start(total, 0, payload(0))
    return { update: (done) => bar.update(done, payload(done)), end: () => bar.stop() }
  }
}
