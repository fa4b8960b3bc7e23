/**
 * A file of settings (abrt-retrace.env(5)): lines that systemd's EnvironmentFile and a shell read alike. Pure. What only one
 * of them understands (`$NAME`, lines that go on) is taken as it stands.
 */
import type { Environment } from './config.ts'

/** A line that sets something: its name, and the value with its quotes. */
const LINE = /^[ \t]*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/

/** What the lines set; of a name that is set twice, the last. */
export function settingsIn(text: string): Environment {
  return Object.fromEntries(
    text.split(/\r\n|\n|\r/).flatMap((line) => {
      const [, name, value = ''] = LINE.exec(line) ?? []
      return name === undefined ? [] : [[name, unquoted(value.trim())]]
    }),
  )
}

function unquoted(value: string): string {
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')$/.exec(value) ?? []
  if (single !== undefined) return single
  return (double ?? value).replaceAll(/\\(.)/g, '$1')
}

const UNLIKE: readonly [pattern: RegExp, sentence: string][] = [
  [/^\uFEFF/, 'begins with a byte order mark, so that its first line counts for nobody'],
  [
    /\r$/m,
    "has lines that end with CR LF, of which a shell takes the CR as part of the value: sed -i 's/\\r$//' takes it away",
  ],
  [/^[ \t]*export[ \t]/m, "has 'export' before a setting, which systemd passes over then"],
  [/^[ \t]*RETRACE_[A-Z_]*(?:[ \t]+=|=[ \t]+\S)/m, 'has blanks beside a =, which is no setting to a shell'],
]

/** What in it only one of systemd and a shell, by which cron's programs read it, takes for what was meant; a predicate for each. */
export function readUnlike(text: string): string[] {
  return UNLIKE.filter(([pattern]) => pattern.test(text)).map(([, sentence]) => sentence)
}
