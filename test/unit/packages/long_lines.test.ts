/** Lines of megabytes, as only somebody hostile writes them: they take a time that grows with them, not with their square. */
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { readContents } from '../../../src/packages/deb/contents.ts'
import { lines } from '../../../src/packages/deb/lines.ts'
import { parseMirrors } from '../../../src/packages/deb/mirrors.ts'
import { expandedLine } from '../../../src/packages/rpm/variables.ts'

/** What a square would take minutes for. */
const LONG = 1_000_000

async function* once(text: string) {
  yield await Promise.resolve(Buffer.from(text))
}

it('carriage returns without an end of line are no work', async () => {
  const found: string[] = []
  for await (const batch of lines(once(`a\r\r\nb${'\r'.repeat(LONG)}c\r\n${'\r'.repeat(LONG)}`))) found.push(...batch)
  expect(found.map((line) => line.length)).toEqual([1, LONG + 2])
  for await (const entries of readContents(once(`.${'\r'.repeat(LONG)}  x\n`))) expect(entries).toEqual([])
})

it('braces of variables that are never closed are no work', () => {
  const values = { arch: 'x86_64', architecture: 'amd64', others: {} } as const
  const text = '${x:-'.repeat(LONG / 10)
  expect(expandedLine(text, values)).toEqual({ text })
})

it('a mirror with very many limits of one kind is no work', () => {
  const [mirror] = parseMirrors(`http://a.example/ ${'arch:x '.repeat(LONG / 10)}`, 'http://l.example/list')
  expect(mirror?.limits.get('arch')?.length).toBe(LONG / 10)
})
