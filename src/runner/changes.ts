/** Lets those who wait for a change sleep until somebody says that there was one; all of them hear it. */
export class Changes {
  readonly #sleepers = new Set<() => void>()

  /** Wakes all who sleep now. */
  tell(): void {
    for (const wake of [...this.#sleepers]) wake()
  }

  /** Resolves at the next change, or after `timeoutMs`. */
  async next(timeoutMs?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => wake(), timeoutMs)
      const wake = () => {
        clearTimeout(timer)
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
    })
  }
}
