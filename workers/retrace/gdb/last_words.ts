/**
 * Why a gdb ended, out of all that it said on standard error before. Pure. Owns the choice of the line that tells most:
 * the last one is often where to report the bug, or a lone NUL.
 */

/** The best first. */
const TELLING = [
  /internal-error: .*/,
  /Recursive internal problem\./,
  /Fatal signal: .*/,
  /terminate called .*/,
  /.*[Aa]ssertion .*failed.*/,
  /.*(?:[Mm]emory exhausted|bad_alloc|[Oo]ut of memory).*/,
]
const MAX_WORDS = 300

/** One line; empty when it said nothing that can be read. */
export function lastWords(said: string): string {
  const lines = said.split('\n').map((line) => line.replaceAll('\0', '').trim()).filter((line) => line !== '')
  const [telling] = TELLING.flatMap((pattern) => lines.map((line) => pattern.exec(line)?.[0] ?? []).flat().slice(-1))
  return (telling ?? lines.at(-1) ?? '').slice(0, MAX_WORDS)
}
