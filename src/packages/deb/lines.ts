/**
 * A stream of bytes as batches of its lines, which end as apt reads them: in LF, with or without CRs before it. A line
 * that is cut between two chunks is joined; one without an end is an error.
 */
import { FetchError } from '../format/error.ts'
import { MIB } from '../../units/bytes.ts'

const MAX_LINE = 16 * MIB

/** The lines of each chunk as UTF-8 (what is none becomes U+FFFD, a mark at the beginning is passed over), without ends. */
export async function* lines(text: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of text) {
    const piece = decoder.decode(chunk, { stream: true })
    const whole = rest + piece
    // A long line is looked through once, not anew with each chunk.
    if (!piece.includes('\n')) {
      rest = withinBound(whole)
      continue
    }
    const batch = whole.split('\n')
    rest = withinBound(batch.pop() ?? '')
    yield whole.includes('\r') ? batch.map(withoutCrs) : batch
  }
  rest = withoutCrs(rest + decoder.decode())
  if (rest !== '') yield [rest]
}

/** No expression: one that looks for CRs at an end begins anew at each of them. */
function withoutCrs(line: string): string {
  let end = line.length
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--
  return end === line.length ? line : line.slice(0, end)
}

function withinBound(line: string): string {
  if (line.length > MAX_LINE) throw new FetchError('malformed', 'An index has a line of more than 16 MiB')
  return line
}
