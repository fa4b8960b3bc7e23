/** The categories of the log: the closed list that RETRACE_LOG_LEVEL may name. */

export const LOG_CATEGORIES = [
  'clean',
  'config',
  'fetch',
  'http',
  'keep',
  'reposync',
  'runner',
  'server',
  'spool',
  'task',
  'upload',
] as const
export type LogCategory = (typeof LOG_CATEGORIES)[number]

/** What RETRACE_LOG_LEVEL names as categories, and nothing logs under: most likely misspelt. */
export function unknownCategories(logLevel: string): string[] {
  const named = logLevel.split(',').filter((word) => word.includes('=')).map((word) => word.split('=', 1)[0] ?? '')
  return [...new Set(named)].filter((name) => !(LOG_CATEGORIES as readonly string[]).includes(name))
}
