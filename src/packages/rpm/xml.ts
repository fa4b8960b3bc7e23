/**
 * XML as a stream of elements: saxes, fed piece by piece. The bounds hold for unsigned indices, too: no document type,
 * so no entity but the five of XML itself; no element deeper, no attributes more or longer, no text longer than any of
 * these formats needs, and no tag or comment without an end.
 */
import { SaxesParser } from 'saxes'
import { KIB, MIB } from '../../units/bytes.ts'
import { FetchError } from '../format/error.ts'

/**
 * What an index may have, in elements, attributes and characters. Of what Fedora has: 4 levels, 6 attributes, an
 * attribute of 300 characters, a description of 40,000.
 */
export const XML_BOUNDS = {
  'document type': 0,
  'depth': 16,
  'attributes of one element': 32,
  'length of an attribute': 64 * KIB,
  'length of a text': 256 * KIB,
  'bytes without an element': MIB,
} as const

export type XmlBound = keyof typeof XML_BOUNDS

/** An XML text that goes over one of the bounds. */
export class XmlBoundError extends FetchError {
  readonly bound: XmlBound

  constructor(what: string, bound: XmlBound) {
    const limit = XML_BOUNDS[bound]
    super('malformed', `${what} is refused: ${limit === 0 ? `it has a ${bound}` : `its ${bound} is over ${limit}`}`)
    this.bound = bound
  }
}

/** The parser is fed this much at a time; between two pieces the bound on unfinished tags and comments is checked. */
const PIECE = 64 * KIB

export interface ElementHandlers {
  open(name: string, attributes: Record<string, string>): void
  /** With the text since the last tag: of an element without children, its text. */
  close(name: string, text: string): void
}

/** Feeds the handlers; yields after each piece, so that its reader can take what they collected. */
export async function* parseXml(
  chunks: AsyncIterable<Uint8Array>,
  { what, handlers }: { what: string; handlers: ElementHandlers },
): AsyncGenerator<void> {
  const parser = new BoundedParser(what, handlers)
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        parser.write(chunk.subarray(at, at + PIECE))
        yield
      }
    }
    parser.close()
  } catch (error) {
    if (error instanceof FetchError) throw error
    const message = error instanceof Error ? error.message.slice(0, 200) : String(error)
    throw new FetchError('malformed', `${what} is no XML that can be read (${message})`, { cause: error })
  }
  yield
}

class BoundedParser {
  readonly #parser = new SaxesParser()
  readonly #decoder = new TextDecoder()
  readonly #what: string
  #text = ''
  #depth = 0
  #attributes = 0
  #sinceElement = 0

  constructor(what: string, handlers: ElementHandlers) {
    this.#what = what
    this.#parser.on('doctype', () => this.#refuse('document type'))
    this.#parser.on('text', (found) => this.#addText(found))
    this.#parser.on('cdata', (found) => this.#addText(found))
    this.#parser.on('opentagstart', () => this.#attributes = 0)
    this.#parser.on('attribute', ({ name, value }) => {
      if (++this.#attributes > XML_BOUNDS['attributes of one element']) this.#refuse('attributes of one element')
      if (name.length + value.length > XML_BOUNDS['length of an attribute']) this.#refuse('length of an attribute')
    })
    this.#parser.on('opentag', ({ name, attributes }) => {
      if (++this.#depth > XML_BOUNDS.depth) this.#refuse('depth')
      this.#betweenElements()
      handlers.open(name, attributes as Record<string, string>)
    })
    this.#parser.on('closetag', ({ name }) => {
      this.#depth--
      handlers.close(name, this.#text)
      this.#betweenElements()
    })
  }

  write(piece: Uint8Array): void {
    this.#sinceElement += piece.length
    this.#parser.write(this.#decoder.decode(piece, { stream: true }))
    if (this.#sinceElement > XML_BOUNDS['bytes without an element']) this.#refuse('bytes without an element')
  }

  close(): void {
    this.#parser.write(this.#decoder.decode()).close()
  }

  #betweenElements(): void {
    this.#text = ''
    this.#sinceElement = 0
  }

  /** In parts where a comment or a CDATA section stands in it. */
  #addText(found: string): void {
    if (this.#text.length + found.length > XML_BOUNDS['length of a text']) this.#refuse('length of a text')
    this.#text += found
  }

  #refuse(bound: XmlBound): never {
    throw new XmlBoundError(this.#what, bound)
  }
}
