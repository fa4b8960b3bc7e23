/** Lets one waiter sleep until somebody rings; a ring that nobody waited for is kept for the next. */
export class Bell {
  #hasRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  /** Resolves with true at the next ring, or with false after `timeoutMs`. */
  async heard(timeoutMs?: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs)
      })
      clearTimeout(timer)
      this.#wake = undefined
    }
    const hasRung = this.#hasRung
    this.#hasRung = false
    return hasRung
  }
}
