/** The file of settings beside repos.d (abrt-retrace.env(5)): what the first start adds to it, and nothing else. */
import { settingsIn } from '../config/settings_text.ts'
import { UsageError } from '../errors/usage_error.ts'

/** Throws UsageError for a value that no line can hold. */
export function assertHeld(settings: Record<string, string>): void {
  const name = Object.keys(settings).find((each) => /[\n\r]/.test(settings[each] ?? ''))
  if (name !== undefined) throw new UsageError(`${name} has a line break in it, which a file of settings cannot hold`)
}

/**
 * The text with these settings in force: a line that sets one stays as it is, one that shows its default in a comment is
 * replaced, and what is in none of them is added at the end.
 */
export function withSettings(text: string, settings: Record<string, string>): string {
  let lines = text.split('\n')
  const set = settingsIn(text)
  for (const [name, value] of Object.entries(settings)) {
    if (set[name] !== undefined) continue
    const shown = lines.findIndex((line) => line.startsWith(`#${name}=`))
    const line = `${name}=${quoted(value)}`
    if (shown >= 0) lines = lines.with(shown, line)
    else lines.splice(lines.at(-1) === '' ? lines.length - 1 : lines.length, 0, line)
  }
  const all = lines.join('\n')
  return all.endsWith('\n') ? all : `${all}\n`
}

/** A value as systemd's EnvironmentFile and a shell both read it. */
function quoted(value: string): string {
  return /^[A-Za-z0-9/._:,@%+=-]*$/.test(value) ? value : `"${value.replaceAll(/["\\$`]/g, (found) => `\\${found}`)}"`
}
