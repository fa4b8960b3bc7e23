/** The way back from settings to an environment: for a child, that it reads the same ones. */
import * as z from 'zod'
import { type ConfigOf, schemaOf } from './schema.ts'
import { type Program, settingsReadBy } from './settings.ts'

/**
 * The environment in which `readConfig` gives these programs the same settings. Proxies are not in it, a child inherits
 * them as they are: a password in one has no place on a command line.
 */
export function environmentOf<P extends Program>(programs: readonly P[], config: ConfigOf<P>): Record<string, string> {
  const texts = z.encode(schemaOf(programs), config)
  const environment: Record<string, string> = {}
  for (const [key, { name }] of settingsReadBy(...programs)) {
    if (texts[key]) environment[name] = texts[key]
  }
  return environment
}
