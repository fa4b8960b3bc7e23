/** What XML of a repository may be, whoever reads it: none of it need be signed. */
import { describe, expect, it } from 'vitest'
import { FetchError } from '../../../src/packages/format/error.ts'
import { readFilelists } from '../../../src/packages/rpm/filelists.ts'
import { parseMetalink } from '../../../src/packages/rpm/mirrors.ts'
import { readPrimary } from '../../../src/packages/rpm/primary.ts'
import { parseRepomd } from '../../../src/packages/rpm/repomd.ts'
import { parseXml, XML_BOUNDS, type XmlBound, XmlBoundError } from '../../../src/packages/rpm/xml.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

async function* inPieces(text: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size)
}

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

const PRIMARY = { mirrors: [], refuse: () => undefined }
const VARIABLES = { arch: 'x86_64', architecture: 'amd64', others: {} } as const

const READERS: Record<string, (text: Uint8Array) => Promise<unknown>> = {
  'primary.xml, in pieces': (text) => drain(readPrimary(inPieces(text, 1000), PRIMARY)),
  'primary.xml, in one': (text) => drain(readPrimary(inPieces(text, text.length), PRIMARY)),
  'filelists.xml': (text) => drain(readFilelists(inPieces(text, 4096), () => true)),
  'repomd.xml': (text) => parseRepomd(text, 'https://mirror.example.org/'),
  'The metalink': (text) =>
    parseMetalink(text, { address: 'https://mirrors.example.org/metalink', variables: VARIABLES }),
}

const { depth, 'attributes of one element': attributes } = XML_BOUNDS
const LONG = 'x'.repeat(XML_BOUNDS['length of an attribute'])
const manyAttributes = Array.from({ length: attributes + 1 }, (_, n) => `a${n}="1"`).join(' ')
/** Pieces are counted whole: one in which an element ends does not count. */
const NO_END = XML_BOUNDS['bytes without an element'] + 100_000
/** With an element in each piece, so that it is the text that is too long, not the way to the next element. */
const longText = '<b>' + 'y'.repeat(XML_BOUNDS['length of a text'] + 1) + '</b>'

const ATTACKS: [XmlBound, string][] = [
  ['document type', '<!DOCTYPE m [<!ENTITY a "b">]><m>&a;</m>'],
  ['document type', `<!DOCTYPE m [${'<!ENTITY a "&a;">'.repeat(9)}]><m>&a;</m>`],
  ['depth', '<a>'.repeat(depth + 1)],
  ['attributes of one element', `<m><package ${manyAttributes}/></m>`],
  ['length of an attribute', `<m><package name="${LONG}"/></m>`],
  ['length of an attribute', `<m><package ${LONG}="1"/></m>`],
  ['length of a text', `<m><package>${longText}</package></m>`],
  ['length of a text', `<m><b>${`${'z'.repeat(999)}<!-- -->`.repeat(300)}</b></m>`],
  ['length of a text', `<m><b><![CDATA[${'z'.repeat(XML_BOUNDS['length of a text'] + 1)}]]></b></m>`],
  ['bytes without an element', `<m><!--${'c'.repeat(NO_END)}`],
  ['bytes without an element', `<m><?pi ${'c'.repeat(NO_END)}`],
  ['bytes without an element', `<m><package name="${'v'.repeat(NO_END)}`],
  ['bytes without an element', `<m><${'n'.repeat(NO_END)}`],
]

describe.each(Object.entries(READERS))('%s', (name, read) => {
  it.each(ATTACKS)('refuses XML by the bound on its %s, which the error names: %#', async (bound, text) => {
    const error = await read(bytes(text)).then(() => undefined, (thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(XmlBoundError)
    expect(error).toMatchObject({ bound, kind: 'malformed' })
    expect((error as Error).message).toContain(name.split(',')[0])
    expect((error as Error).message).toContain(bound)
  })
})

describe('parseXml()', () => {
  it('takes what stays within every bound', async () => {
    const inside = `${'<a>'.repeat(depth - 1)}<b ${manyAttributes.replace(/ a\d+="1"$/, '')}/>${
      '</a>'.repeat(depth - 1)
    }`
    const opened: string[] = []
    const texts: string[] = []
    const handlers = { open: (name: string) => opened.push(name), close: (_: string, text: string) => texts.push(text) }
    await drain(parseXml(inPieces(bytes(inside), 7), { what: 'It', handlers }))
    expect(opened).toHaveLength(depth)
    const long = `<m><b n="${LONG.slice(1)}">${longText.slice(4, -4)}</b></m>`
    await drain(parseXml(inPieces(bytes(long), 100_000), { what: 'It', handlers }))
    expect(texts.at(-2)).toHaveLength(XML_BOUNDS['length of a text'])
  })

  it('gives a text whole that a comment or a CDATA section parts', async () => {
    const texts: string[] = []
    const handlers = { open: () => undefined, close: (_: string, text: string) => texts.push(text) }
    const text = '<m><b>one<!-- not this -->, <![CDATA[<two>]]> &amp; three</b></m>'
    await drain(parseXml(inPieces(bytes(text), 3), { what: 'It', handlers }))
    expect(texts[0]).toBe('one, <two> & three')
  })

  it.each(['<m><package><name>', '<m><package name="', '<m><!-- '])(
    'reads no more than the bound of a token without an end: %s',
    async (head) => {
      let sent = 0
      async function* endless() {
        yield bytes(head)
        for (const chunk = bytes('x'.repeat(1 << 16)); sent < 1 << 30; sent += chunk.length) yield chunk
      }
      const handlers = { open: () => undefined, close: () => undefined }
      await expect(drain(parseXml(endless(), { what: 'It', handlers }))).rejects.toThrow(FetchError)
      expect(sent).toBeLessThan(2 << 20)
    },
  )
})
