/**
 * The settings of a program, read and checked: RETRACE_* of the environment, by the table of settings.ts. A program
 * names itself and is given what it reads, no more.
 */
import { env } from 'node:process'
import { UsageError } from '../errors/usage_error.ts'
import { LOG_CATEGORIES, unknownCategories } from './log_categories.ts'
import { type Config, type ConfigOf, schemaOf } from './schema.ts'
import { type Program, SETTINGS, settingsReadBy } from './settings.ts'

export type { Config, ConfigOf } from './schema.ts'

/** An environment, as `process.env` is one. */
export type Environment = Record<string, string | undefined>

/**
 * Reads the settings of these programs from an environment; an empty value counts as not set.
 * Throws UsageError naming the setting, for a value that makes no sense.
 */
export function readConfig<P extends Program>(programs: readonly P[], from: Environment = env): ConfigOf<P> {
  const rows = settingsReadBy(...programs)
  const texts = Object.fromEntries(rows.map(([key, row]) => [key, from[row.name] || row.default]))
  const result = schemaOf(programs).safeParse(texts)
  if (result.success) return result.data as ConfigOf<P>
  const [issue] = result.error.issues
  const [key, row] = rows.find(([key]) => key === issue?.path[0]) ?? ['', undefined]
  throw new UsageError(`${row?.name} is ${JSON.stringify(texts[key])}, which ${issue?.message}`)
}

/** RETRACE_ names in an environment that are no settings: most likely misspelt ones, worth a warning at start. */
export function unknownSettings(from: Environment = env): string[] {
  const known = new Set<string>(Object.values(SETTINGS).map(({ name }) => name))
  return Object.keys(from).filter((name) => name.startsWith('RETRACE_') && !known.has(name))
}

/** The settings that an environment gives, as they stand there. */
export function givenSettings(from: Environment = env): Record<string, string> {
  const names = Object.values(SETTINGS).map(({ name }) => name)
  return Object.fromEntries(names.flatMap((name) => from[name] ? [[name, from[name]]] : []))
}

/** What looks misspelt in an environment, a sentence for each, without its full stop. */
export function misspelt({ logLevel }: Pick<Config, 'logLevel'>, from: Environment = env): string[] {
  return [
    ...unknownSettings(from).map((name) =>
      `There is no setting ${name}, it changes nothing; --help names those that there are`
    ),
    ...unknownCategories(logLevel).map((name) =>
      `RETRACE_LOG_LEVEL names ${name}, which is no category of the log; there are ${LOG_CATEGORIES.join(', ')}`
    ),
  ]
}
