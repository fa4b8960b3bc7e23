/**
 * What a program says on its standard error, for whoever reads how it ended: its beginning, where most say what is
 * wrong, and its end, where the others do. Its size is bounded, however much a program writes.
 */
const MAX_HEAD = 4096
const MAX_TAIL = 2048

export class Complaint {
  readonly #decoder = new TextDecoder()
  #head = ''
  #tail = ''
  #isCut = false

  add(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true })
    const room = MAX_HEAD - this.#head.length
    this.#head += text.slice(0, room)
    const rest = this.#tail + text.slice(room)
    this.#isCut ||= rest.length > MAX_TAIL
    this.#tail = rest.slice(-MAX_TAIL)
  }

  /** The text, with `[...]` on a line of its own where something is missing. */
  text(): string {
    return `${this.#head}${this.#isCut ? '\n[...]\n' : ''}${this.#tail}`.trim()
  }
}
