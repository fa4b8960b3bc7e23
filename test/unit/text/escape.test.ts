/** How strangers' text is shown: one table for all who show it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { controlIn, cutText, escapeText, quote } from '../../../src/text/escape.ts'

describe('escapeText() shows', () => {
  it.each([
    ['the first of C0', '\u0000', '\\x00'],
    ['a line feed', 'a\nb', 'a\\x0ab'],
    ['a carriage return', 'a\rb', 'a\\x0db'],
    ['a tab', 'a\tb', 'a\\x09b'],
    ['the start of an escape sequence', '\u001b[31m', '\\x1b[31m'],
    ['the last of C0', '\u001f', '\\x1f'],
    ['DEL', '\u007f', '\\x7f'],
    ['the first of C1', '\u0080', '\\x80'],
    ['NEL, at which some end a line', '\u0085', '\\x85'],
    ['the CSI of eight bits', '\u009b', '\\x9b'],
    ['the last of C1', '\u009f', '\\x9f'],
    ['a soft hyphen', 'pass\u00adwd', 'pass\\xadwd'],
    ['an Arabic letter mark', '\u061c', '\\u061c'],
    ['a Mongolian vowel separator', '\u180e', '\\u180e'],
    ['a zero-width space', '\u200b', '\\u200b'],
    ['a left-to-right mark', '\u200e', '\\u200e'],
    ['a right-to-left mark', '\u200f', '\\u200f'],
    ['a line separator', '\u2028', '\\u2028'],
    ['a paragraph separator', '\u2029', '\\u2029'],
    ['a left-to-right embedding', '\u202a', '\\u202a'],
    ['a right-to-left embedding', '\u202b', '\\u202b'],
    ['a pop of directional formatting', '\u202c', '\\u202c'],
    ['a left-to-right override', '\u202d', '\\u202d'],
    ['a right-to-left override', 'exe\u202etxt', 'exe\\u202etxt'],
    ['a word joiner', '\u2060', '\\u2060'],
    ['a left-to-right isolate', '\u2066', '\\u2066'],
    ['a right-to-left isolate', '\u2067', '\\u2067'],
    ['a first strong isolate', '\u2068', '\\u2068'],
    ['a pop of directional isolate', '\u2069', '\\u2069'],
    ['an inhibitor of symmetric swapping', '\u206a', '\\u206a'],
    ['a filler in the place of a Hangul letter', 'a\u3164b', 'a\\u3164b'],
    ['a filler in the place of a first Hangul consonant', 'a\u115fb', 'a\\u115fb'],
    ['a code point without a character that is to be ignored', 'a\u{e0080}b', 'a\\u{e0080}b'],
    ['a byte order mark', '\ufeff', '\\ufeff'],
    ['an anchor of an interlinear annotation', '\ufff9', '\\ufff9'],
    ['a high surrogate without its low one', 'a\ud83db', 'a\\ud83db'],
    ['a low surrogate without its high one', 'a\udca5b', 'a\\udca5b'],
    ['two surrogates in the wrong order', '\udca5\ud83d', '\\udca5\\ud83d'],
    ['the beginning of a beam', '\u{1d173}', '\\u{1d173}'],
    ['text that is written in tags', '\u{e0068}\u{e0069}', '\\u{e0068}\\u{e0069}'],
    [
      'tags behind a flag and what belongs to it',
      '\u{1f3f4}\u{e0067}\u{e007f}\u{e0068}',
      '\u{1f3f4}\u{e0067}\u{e007f}\\u{e0068}',
    ],
  ])('escapeText() shows %s as its number', (_, text, shown) => {
    expect(escapeText(text)).toBe(shown)
  })
})

describe('escapeText() leaves as it is', () => {
  it.each([
    ['ASCII', ' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~'],
    ['letters of Latin-1', '\u00a0\u00a1\u00ac\u00ae\u00ff'],
    ['Greek, Arabic, Hebrew, Chinese', 'αβγ العربية עברית 中文'],
    ['an Arabic number sign', '\u0600\u0661'],
    ['letters that are parted without a space', 'می\u200cخواهم'],
    ['an emoji', '💥'],
    ['an emoji with a skin colour', '👍🏽'],
    ['a family of emoji', '👩\u200d👩\u200d👧'],
    ['an emoji that is chosen over text', '❤\ufe0f'],
    ['the flag of a country', '🇩🇪'],
    ['the flag of Scotland', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a letter with a mark', 'e\u0301'],
    ['a replacement character', '\ufffd'],
  ])('escapeText() leaves %s as it is', (_, text) => {
    expect(escapeText(text)).toBe(text)
  })
})

describe('escapeText() differs where its reader does', () => {
  it.each(
    [
      ['a tab stays in a line that has columns', { keep: '\t' }, 'a\tb\nc', 'a\tb\\x0ac'],
      ['a text of many lines stays one', { keep: '\t\n' }, 'a\tb\nc\rd', 'a\tb\nc\\x0dd'],
      ['a record of many lines becomes one', { lineFeed: ' | ' }, 'a\nb\tc', 'a | b\\x09c'],
      ['a long text is cut', { length: 3 }, 'abcd', 'abc...'],
      ['a text that is just as long is not', { length: 3 }, 'abc', 'abc'],
      ['a cut counts what came, not what is shown', { length: 3 }, '\n\n\n\n', '\\x0a\\x0a\\x0a...'],
      ['a cut splits no surrogate pair', { length: 3 }, 'ab💥', 'ab...'],
      ['a cut behind a surrogate pair keeps it', { length: 4 }, 'ab💥c', 'ab💥...'],
    ] as const,
  )('escapeText() knows its reader: %s', (_, options, text, shown) => {
    expect(escapeText(text, options)).toBe(shown)
  })

  it('cuts what is quoted at 200 characters', () => {
    expect(quote('x'.repeat(200))).toBe('x'.repeat(200))
    expect(quote(`${'x'.repeat(199)}💥`)).toBe(`${'x'.repeat(199)}...`)
  })
})

describe('escaped text', () => {
  it('escaped text stays the same when it is escaped again, and has no character that is not seen', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)),
    )
    fc.assert(fc.property(fc.array(unit), (parts) => {
      const shown = escapeText(parts.join(''))
      expect(escapeText(shown)).toBe(shown)
      expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u)
    }))
  })
})

describe('cutText()', () => {
  it('gives whole characters only, at most as many units as asked for', () => {
    expect(['a💥b', 'a💥', 'a', ''].map((text) => cutText(text, 2))).toEqual(['a', 'a', 'a', ''])
    expect(cutText('a💥b', 3)).toBe('a💥')
    expect(cutText('a\ud83db', 2)).toBe('a\ud83d')
  })
})

describe('controlIn()', () => {
  it('finds the first control character that is not allowed', () => {
    expect(controlIn('a\tb\u0085\u0000', '\t')).toBe('\u0085')
    expect(controlIn('a\tb\r\n', '\t\r\n')).toBeUndefined()
    expect(controlIn('\u202e')).toBeUndefined()
  })
})
