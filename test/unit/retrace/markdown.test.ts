/** The page for issue trackers: what strangers named stays code there. */
import { describe, expect, it } from 'vitest'
import { crashOf } from '../../../workers/retrace/crash/crash.ts'
import { NO_DETAILS } from '../../../workers/retrace/gdb/details.ts'
import type { ReportThread } from '../../../workers/retrace/report/frames.ts'
import { type Languages, NO_LANGUAGES } from '../../../workers/retrace/report/languages.ts'
import { markdown } from '../../../workers/retrace/words/markdown.ts'
import { reportThread, resolvedModule, WHOLE_CORE } from '../../helpers/report_parts.ts'

function page(sentence: string, threads: ReportThread[], languages: Languages = NO_LANGUAGES): string {
  const core = WHOLE_CORE
  const crash = crashOf({ core, threads, details: NO_DETAILS, component: 'p', text: '' })
  const outcome = { code: 'ok', summary: 'a | b' }
  return markdown({ core, crash, sentence, threads, languages, release: 'r', outcome })
}

/** The text without fenced blocks and spans of code. */
function outsideOfCode(text: string): string {
  return text.replace(/^(`{3,})text\n[^]*?\n\1$/gm, '').replace(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
}

describe('a backtrace for issue trackers', () => {
  const hostile = 'a`b``c @everyone #1 <img src=x> [x](http://y) | ~~z~~'

  it('shows what strangers named as code alone', () => {
    const module = resolvedModule({ status: 'missing', binary: undefined, package: hostile })
    const thread = reportThread('f', module, { text: `#0  f () at ${hostile}\n#1  \`\`\`\`\n        secret = 1` })
    const text = page(hostile, [thread, { ...thread, number: 2 }])
    const rest = outsideOfCode(text)
    for (const part of ['@everyone', '#1', '<img', '[x]', '~~z']) {
      expect(text).toContain(part)
      expect(rest).not.toContain(part)
    }
    expect(text).toContain('`a \\| b`')
    expect(text).not.toContain('secret')
  })

  it('is never larger than trackers take, whatever the number of threads', () => {
    const frames = Array.from({ length: 200 }, (_, level) => `#${level}  ${'f'.repeat(500)} ()`).join('\n')
    const thread = reportThread('f', resolvedModule(), { text: frames })
    const text = page('x', Array.from({ length: 300 }, (_, index) => ({ ...thread, number: index + 1 })))
    expect(text.length).toBeLessThan(65_536)
    expect(text).toMatch(/\(\d+ more threads\)\n$/)
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  })

  it('cuts no fence, no table and no name, however long the stacks of languages and the names are', () => {
    const evil = '`'.repeat(200) + '|' + 'é'.repeat(300)
    const text = Array.from({ length: 200 }, (_, level) => `#${level}  ${evil} ()`).join('\n')
    const thread = reportThread(
      'f',
      resolvedModule({ status: 'missing', binary: undefined, package: evil.repeat(9) }),
      { text },
    )
    const { module } = resolvedModule()
    const frame = { function: evil, file: evil, line: 3, kind: 'function' as const, arguments: [] }
    const stack = {
      thread,
      isCrashed: true,
      goroutine: undefined,
      frames: Array(90).fill(frame),
      stopped: undefined,
      more: true,
    }
    const languages = (['python', 'ruby', 'perl', 'php'] as const).map((language) => ({
      interpreter: { language, implementation: evil.repeat(9), module },
      version: '1',
      script: evil,
      layout: undefined,
      stacks: [stack],
      missing: undefined,
    }))
    const all = page(evil.repeat(9), [thread, { ...thread, number: 2 }], { languages, roleOf: () => undefined })
    expect(all.length).toBeLessThan(60_100)
    expect(all.length).toBeGreaterThan(40_000)
    expect(outsideOfCode(all)).not.toMatch(/`|é/)
    expect(all).toMatch(/^\(\d+ more lines?\)$/m)
    expect(all).toMatch(/^\((1 part is|\d+ parts are) left out: there is no room\)$/m)
  })
})
