/**
 * XML as a stream of elements: saxes, fed chunk by chunk. Owns the bounds: no document type, so no entity but the five
 * of XML itself; no element deeper than any of these formats has; no text or tag longer than any of them needs.
 */
import { SaxesParser } from 'saxes'
import { FetchError } from '../format/error.ts'
import { MIB } from '../../units/bytes.ts'

const MAX_DEPTH = 16
/** Characters without the beginning or end of an element: the longest description of Fedora has 40,000. */
const MAX_TOKEN = MIB

export interface ElementHandlers {
  open(name: string, attributes: Record<string, string>): void
  /** With the text since the last tag: of an element without children, its text. */
  close(name: string, text: string): void
}

/** Feeds the handlers; yields after each chunk, so that its reader can take what they collected. */
export async function* parseXml(
  chunks: AsyncIterable<Uint8Array>,
  { what, handlers }: { what: string; handlers: ElementHandlers },
): AsyncGenerator<void> {
  const parser = new SaxesParser()
  const decoder = new TextDecoder()
  let text = ''
  let depth = 0
  let sinceElement = 0
  parser.on('doctype', () => {
    throw new FetchError('malformed', `${what} has a document type: refused`)
  })
  parser.on('text', (found) => text = found)
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) throw new FetchError('malformed', `${what} nests more than ${MAX_DEPTH} elements`)
    sinceElement = 0
    text = ''
    handlers.open(name, attributes as Record<string, string>)
  })
  parser.on('closetag', ({ name }) => {
    depth--
    sinceElement = 0
    handlers.close(name, text)
    text = ''
  })
  try {
    for await (const chunk of chunks) {
      sinceElement += chunk.length
      parser.write(decoder.decode(chunk, { stream: true }))
      if (sinceElement > MAX_TOKEN) {
        throw new FetchError('malformed', `${what} has a text or tag of more than ${MAX_TOKEN} characters`)
      }
      yield
    }
    parser.write(decoder.decode()).close()
  } catch (error) {
    if (error instanceof FetchError) throw error
    const message = error instanceof Error ? error.message.slice(0, 200) : String(error)
    throw new FetchError('malformed', `${what} is no XML that can be read (${message})`, { cause: error })
  }
  yield
}
