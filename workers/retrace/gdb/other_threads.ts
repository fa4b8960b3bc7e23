/**
 * The other threads, several in one question, by gdb and its twins at a time. Owns that answers are taken in the threads' order, so that
 * what is told does not depend on who was asked: what a twin did not tell whole, and what does not fit, is asked of gdb itself again.
 */
import { MAX_FRAMES, readText, recordOf, splitByThread } from './answers.ts'
import { type Asking, askThread, takeAll } from './frames.ts'
import type { Answer } from './session.ts'
import type { ThreadRecord } from './thread_record.ts'
import type { Twin } from './twin.ts'

/** Threads in one question. */
const BATCH = 16
/** Frames of each whose values are told one by one, with types; arguments and locals of all of one question. */
const VALUE_FRAMES = 32
const MAX_VARIABLES = 2_000
/**
 * Of the time left, for one question, and without a word about one of its threads. gdb is asked what a twin has not answered by then, and has
 * such a time of its own: one that says little for ever would take all of it.
 */
const SHARES = { gdb: { share: 1, idleShare: 0.15 }, twin: { share: 0.25, idleShare: 0.03 } }

/** What one question brought. */
interface Together {
  readonly records: readonly ThreadRecord[]
  readonly answer: Answer
  /** The messages about each of the records. */
  readonly messages: readonly (readonly unknown[] | undefined)[]
  readonly isOfTwin: boolean
}

interface Options {
  readonly twins: readonly Twin[]
  /** May be asked of this gdb. */
  isOurs(record: ThreadRecord): boolean
  readonly maxText: number
}

export class OtherThreads {
  readonly #asking: Asking
  readonly #options: Options
  /** The questions of a round; the first that nobody has been asked; the first whose answer was not taken. */
  #batches: readonly (readonly ThreadRecord[])[] = []
  #next = 0
  #taken = 0
  /** Those that wait for others before them, or for the crashed thread's. */
  readonly #answers = new Map<number, Together>()
  #mayTake = false
  #hasTwins: boolean
  /** An answer could not be taken as it is: from there on it is asked again. */
  #isBroken = false
  /** Of threads in which Python itself failed, before the first one: each is asked on its own then, and says why. */
  #failed: readonly ThreadRecord[] = []
  readonly #working: readonly Promise<void>[]

  /** Asks the twins at once. */
  constructor(asking: Asking, options: Options) {
    this.#asking = asking
    this.#options = options
    this.#hasTwins = options.twins.length > 0
    this.#begin()
    this.#working = options.twins.map((each) => this.#work(each))
  }

  /** All that is open, as far as there is room and time. */
  async ask(): Promise<void> {
    const { asker, inquiry } = this.#asking
    this.#mayTake = true
    // What gdb itself did not even begin would be asked for ever.
    for (let open = Infinity; open > this.#open.length && this.#left > 0 && !asker.isOver;) {
      open = this.#hasTwins ? Infinity : this.#open.length
      const own = this.#work(undefined)
      await Promise.all(this.#hasTwins ? [...this.#working, own] : [own])
      this.#take()
      for (const record of this.#failed) await askThread(this.#asking, record, this.#left)
      this.#hasTwins = false
      this.#begin()
    }
    for (const record of inquiry.others) {
      if (record.isUntouched || record.openCount === 0 || !this.#options.isOurs(record)) continue
      if (this.#left <= 0 || asker.isOver) break
      await askThread(this.#asking, record, this.#left)
    }
    inquiry.isTextFull = this.#left <= 0
  }

  get #open(): readonly ThreadRecord[] {
    return this.#asking.inquiry.others.filter((each) => each.isUntouched && this.#options.isOurs(each))
  }

  #begin(): void {
    const open = this.#open
    const starts = open.flatMap((_, at) => at % BATCH === 0 ? [at] : [])
    this.#batches = starts.map((at) => open.slice(at, at + BATCH))
    this.#next = this.#taken = 0
    this.#answers.clear()
    this.#failed = []
    this.#isBroken = false
  }

  /** Until all has been asked, or somebody has failed. What came is taken while the next question is worked on. */
  async #work(twin: Twin | undefined): Promise<void> {
    for (let at = this.#next; at < this.#batches.length; at = this.#next) {
      const room = [...this.#answers.values()].reduce((left, each) => left - textIn(each), this.#left)
      if (this.#isBroken || this.#asking.asker.isOver || room <= 0) return
      this.#next++
      const asked = this.#askTogether(this.#batches[at] ?? [], room, twin)
      this.#take()
      const together = await asked
      this.#answers.set(at, together)
      if (together.answer.kind !== 'done') return
    }
  }

  /** Characters that texts may still have. */
  get #left(): number {
    return this.#options.maxText - this.#asking.inquiry.textLength
  }

  /** In their order, as far as they have come. */
  #take(): void {
    for (let each = this.#answers.get(this.#taken); each !== undefined; each = this.#answers.get(this.#taken)) {
      // Of one with less room the text might have been cut.
      this.#isBroken ||= this.#hasTwins && (textIn(each) >= this.#left || each.isOfTwin && !isWhole(each))
      if (!this.#mayTake || this.#isBroken) break
      this.#answers.delete(this.#taken++)
      const { answer, records, messages } = each
      if (each.isOfTwin) this.#asking.asker.hear(answer)
      if (each.isOfTwin) this.#asking.inquiry.askedOfTwins += records.length
      for (const [index, record] of records.entries()) {
        const data = messages[index]
        if (data !== undefined) takeAll(this.#asking, record, { ...answer, data: [...data] })
      }
      if (answer.kind === 'error' && messages.every((data) => data === undefined)) this.#failed = records
    }
  }

  async #askTogether(records: readonly ThreadRecord[], room: number, twin: Twin | undefined): Promise<Together> {
    const { asker, numbers } = this.#asking
    const known = records.map((record) => numbers.get(record.lwp) ?? record.number)
    const what = `backtraces of the threads ${records[0]?.number} to ${records.at(-1)?.number}`
    const answer = await asker.ask(what, 'backtraces', {
      parameters: [known, MAX_FRAMES, room, VALUE_FRAMES, MAX_VARIABLES],
      ...SHARES[twin === undefined ? 'gdb' : 'twin'],
      twin,
    })
    const byThread = splitByThread(answer.data)
    return { records, answer, messages: known.map((number) => byThread.get(number)), isOfTwin: twin !== undefined }
  }
}

/** Characters of the texts that came. */
function textIn({ messages }: Together): number {
  return messages.reduce((sum, each) => sum + (readText(each ?? [], 'text')?.length ?? 0), 0)
}

/** What root/scripts/frames.py and values.py say of a thread of which all was told, and what they say where something failed. */
const WHOLE = ['more', 'text', 'whole', 'told']
const FAILED = ['fault', 'failed']

function isWhole({ answer, messages }: Together): boolean {
  return answer.kind === 'done' && messages.every((data = []) => {
    const said = new Set(data.flatMap((each) => Object.keys(recordOf(each))))
    return WHOLE.every((each) => said.has(each)) && !FAILED.some((each) => said.has(each))
  })
}
