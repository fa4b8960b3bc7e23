/** The core in a report of apport: a field whose lines are pieces of base64 that together are a packed stream. */
import { Buffer } from 'node:buffer'
import { ClientFailure } from './failure.ts'

const FIELD = 'CoreDump: base64'
const MAX_LINE = 16 << 20

/** The packed bytes of the field CoreDump. Throws ClientFailure where the report has none. */
export async function* apportCore(report: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isInside = false
  let seen = 0
  for await (const line of linesOf(report)) {
    if (isInside && !line.startsWith(' ')) return
    if (isInside) {
      const bytes = Buffer.from(line.trim(), 'base64')
      seen += bytes.length
      yield bytes
    } else if (line.trimEnd() === FIELD) isInside = true
  }
  if (seen === 0) throw new ClientFailure(`The report holds no core (no field '${FIELD}'); it has been uploaded before`)
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('latin1')
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE) throw new ClientFailure('The report has a line of over 16 MB')
    yield* lines
  }
  if (rest !== '') yield rest
}
