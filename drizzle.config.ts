import type { Config } from 'drizzle-kit'

export default {
  dialect: 'sqlite',
  schema: './schema/tables.ts',
  out: './schema/migrations',
} satisfies Config
