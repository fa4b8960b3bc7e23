/**
 * All settings as one schema, made from their table: what it decodes to is the type of the configuration, and what it
 * encodes to are the texts of an environment.
 */
import * as z from 'zod'
import { type Program, type Setting, type SettingKey, SETTINGS, settingsReadBy } from './settings.ts'

type Table = typeof SETTINGS

/** From the texts of an environment to their values, and back; by the keys of the table. */
export const SettingsSchema = z.object(kindsOf(SETTINGS))

/** All settings, in the units that their names say. */
export interface Config extends z.output<typeof SettingsSchema> {}

/** Those that one of these programs reads. */
export type ConfigOf<P extends Program> = Pick<
  Config,
  { [Key in SettingKey]: Extract<P, Table[Key]['readBy'][number]> extends never ? never : Key }[SettingKey]
>

/** The part of the schema that these programs read. */
export function schemaOf(programs: readonly Program[]): z.ZodObject<Record<string, Setting['kind']>> {
  return z.object(kindsOf(Object.fromEntries<Setting>(settingsReadBy(...programs))))
}

function kindsOf<T extends Record<string, Setting>>(table: T): { [Key in keyof T]: T[Key]['kind'] } {
  const kinds = Object.entries(table).map(([key, { kind }]) => [key, kind])
  return Object.fromEntries(kinds) as { [Key in keyof T]: T[Key]['kind'] }
}
