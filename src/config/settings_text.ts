/**
 * A file of settings (abrt-retrace.env(5)): lines that systemd's EnvironmentFile and a shell read alike. Pure. What only one
 * of them understands (`$NAME`, lines that go on) is taken as it stands.
 */
import type { Environment } from './config.ts'

/** A line that sets something: its name, and the value with its quotes. */
const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/

/** What the lines set; of a name that is set twice, the last. */
export function settingsIn(text: string): Environment {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
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
