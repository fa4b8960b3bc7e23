/** A script of bash that ends before any of its commands: by kill -9, or as one that failed does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'

/** What bash reads before the script. Commands of subshells do not count: they end with what they are part of. */
const LOADED = `
set -T
cut_steps=0
cut_step() {
  [ "$BASHPID" = "$$" ] || return 0
  cut_steps=$((cut_steps + 1))
  if [ -n "\${CUT_TRACE:-}" ]; then echo "$1" >>"$CUT_TRACE"; fi
  [ "$cut_steps" = "\${CUT_AT:-0}" ] || return 0
  if [ "$CUT_HOW" = kill ]; then kill -9 $$; else exit 28; fi
}
trap 'cut_step "$LINENO \${FUNCNAME[0]:-}"' DEBUG
`

export type ShellCut = 'kill' | 'fail'

export interface ScriptEnd {
  status: number | null
  signal: string | null
  stderr: string
}

export class CutScript {
  readonly #loaded: string
  readonly #trace: string

  constructor(folder: string) {
    this.#loaded = join(folder, 'cut.bash')
    this.#trace = join(folder, 'cut.trace')
    writeFileSync(this.#loaded, LOADED)
  }

  /** Ends it before its command of this number. */
  async run(
    words: readonly [string, ...string[]],
    more: Record<string, string>,
    cut?: { at: number; how: ShellCut },
  ): Promise<ScriptEnd> {
    const cutting = cut === undefined ? {} : { BASH_ENV: this.#loaded, CUT_AT: String(cut.at), CUT_HOW: cut.how }
    const child = spawn(words[0], words.slice(1), {
      env: { PATH: env.PATH, ...more, ...cutting },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => stderr += text)
    const [status, signal] = await once(child, 'close')
    return { status, signal, stderr }
  }

  /**
   * Numbers of commands: for each line of the script one, in the middle of the times that it runs. Of the lines that are in none of
   * these functions every fifth will do.
   */
  async steps(
    words: readonly [string, ...string[]],
    more: Record<string, string>,
    functions: readonly string[],
  ): Promise<number[]> {
    writeFileSync(this.#trace, '')
    await this.run(words, { ...more, CUT_TRACE: this.#trace }, { at: 0, how: 'kill' })
    const lines = readFileSync(this.#trace, 'utf8').trimEnd().split('\n')
    const others = [...new Set(lines)].filter((line) => !functions.includes(line.split(' ')[1] ?? ''))
    const left = new Set(others.filter((_, index) => index % 5 !== 0))
    const chosen = [...new Set(lines)].filter((line) => !left.has(line)).map((line) => {
      const all = [...lines.keys()].filter((index) => lines[index] === line)
      return all[all.length >> 1] ?? 0
    })
    return chosen.map((index) => index + 1).sort((a, b) => a - b)
  }
}
