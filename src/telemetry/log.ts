/**
 * The log: LogTape to standard error, as text or as JSON lines. Categories are rooms: `['retrace', 'upload']`.
 * Whoever logs something about a task passes `{ task: ID }`; passwords and contents of cores are never passed.
 */
import { fstatSync } from 'node:fs'
import {
  configure,
  getConsoleSink,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
  parseLogLevel,
} from '@logtape/logtape'
import { type Config, misspelt } from '../config/config.ts'
import type { LogCategory } from '../config/log_categories.ts'
import { readSupervisor } from '../config/supervisor_environment.ts'
import { escapeText } from '../text/escape.ts'

/**
 * Sends the log to standard error in the format and from the level that the configuration names. What looks
 * misspelt is its first word.
 */
export async function startLog(config: Pick<Config, 'logLevel' | 'logFormat'>): Promise<void> {
  const line = lineOf(config)
  const { stderr } = await import('node:process')
  // A reader of the log that goes away must not take the server with it.
  stderr.on('error', () => undefined)
  const prefix = isJournal() ? (level: LogLevel) => `<${PRIORITIES[level]}>` : () => ''
  const sink = (record: LogRecord) => void stderr.write(`${prefix(record.level)}${line(record)}\n`)
  await configure({
    reset: true,
    sinks: { stderr: sink, meta: getConsoleSink() },
    loggers: [
      ...logLevels(config.logLevel).map(({ category, level }) => ({
        category,
        lowestLevel: level,
        sinks: ['stderr' as const],
        parentSinks: 'override' as const,
      })),
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['meta'] },
    ],
  })
  for (const text of misspelt(config)) log('config').warning(text)
}

/** `info,http=warning`: the level of everything, then those of single rooms. */
export function logLevels(setting: string): { category: string[]; level: LogLevel }[] {
  return setting.split(',').map((word) => {
    const [level = '', room] = word.split('=').reverse()
    return { category: room === undefined ? ['retrace'] : ['retrace', room], level: parseLogLevel(level) }
  })
}

/**
 * A record as one line, whatever is in it: what goes on in a stack, or was slipped in by a stranger, cannot look like
 * another record.
 */
export function lineOf(config: Pick<Config, 'logFormat'>): (record: LogRecord) => string {
  const text = getTextFormatter({
    timestamp: 'rfc3339',
    format: ({ timestamp, level, category, message, record }) =>
      `${timestamp} ${level} ${category}${task(record.properties)}: ${message}`,
  })
  const json = getJsonLinesFormatter()
  return config.logFormat === 'json'
    ? (record) =>
      JSON.stringify(JSON.parse(json(record)), (_, value) => typeof value === 'string' ? shown(value) : value)
    : (record) => escapeText(text(record).trimEnd(), { lineFeed: ' | ' })
}

/** Within JSON, which has a way of its own to hold several lines in one. */
function shown(value: string): string {
  return escapeText(value, { keep: '\t\n' })
}

/** Priorities of syslog(3), as the journal reads them at the beginning of a line (sd-daemon(3)). */
const PRIORITIES: Record<LogLevel, number> = { trace: 7, debug: 7, info: 6, warning: 4, error: 3, fatal: 2 }

/** Whether standard error goes to the journal: it is the very stream that systemd named. */
function isJournal(): boolean {
  const { journalStream } = readSupervisor()
  if (journalStream === undefined) return false
  const { dev, ino } = fstatSync(2)
  return journalStream === `${dev}:${ino}`
}

function task(properties: Record<string, unknown>): string {
  return properties.task === undefined ? '' : ` task=${properties.task}`
}

/** The log of a room. Texts are taken by the letter: LogTape would put properties where a stranger wrote braces. */
export interface Log {
  debug(text: string, properties?: Record<string, unknown>): void
  info(text: string, properties?: Record<string, unknown>): void
  warning(text: string, properties?: Record<string, unknown>): void
  error(text: string, properties?: Record<string, unknown>): void
  fatal(text: string, properties?: Record<string, unknown>): void
}

/** The log of a room, e.g. `log('upload')`. */
export function log(room: LogCategory): Log {
  const logger = getLogger(['retrace', room])
  const literally = (level: keyof Log): Log['info'] => (text, properties = {}) =>
    logger[level](text.replaceAll('{', '{{').replaceAll('}', '}}'), properties)
  return {
    debug: literally('debug'),
    info: literally('info'),
    warning: literally('warning'),
    error: literally('error'),
    fatal: literally('fatal'),
  }
}
