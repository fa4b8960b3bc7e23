/**
 * The log: LogTape to standard error, as text or as JSON lines. Categories are rooms: `['retrace', 'upload']`.
 * Whoever logs something about a task passes `{ task: ID }`; passwords and contents of cores are never passed.
 */
import { configure, getConsoleSink, getJsonLinesFormatter, getLogger, getTextFormatter } from '@logtape/logtape'
import { type Config, unknownSettings } from './config.ts'

/**
 * Sends the log to standard error in the format and from the level that the configuration names. What looks like a
 * misspelt setting is its first word.
 */
export async function startLog(config: Pick<Config, 'logLevel' | 'logFormat'>): Promise<void> {
  const formatter = config.logFormat === 'json' ? getJsonLinesFormatter() : getTextFormatter({
    timestamp: 'rfc3339',
    format: ({ timestamp, level, category, message, record }) =>
      `${timestamp} ${level} ${category}${task(record.properties)}: ${message}`,
  })
  const { stderr } = await import('node:process')
  // A reader of the log that goes away must not take the server with it.
  stderr.on('error', () => undefined)
  const sink = (record: Parameters<typeof formatter>[0]) =>
    void stderr.write(`${String(formatter(record)).trimEnd()}\n`)
  await configure({
    reset: true,
    sinks: { stderr: sink, meta: getConsoleSink() },
    loggers: [
      { category: 'retrace', lowestLevel: config.logLevel, sinks: ['stderr'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['meta'] },
    ],
  })
  for (const name of unknownSettings()) {
    log('config').warning(`There is no setting ${name}, it changes nothing; --help names those that there are`)
  }
}

function task(properties: Record<string, unknown>): string {
  return properties.task === undefined ? '' : ` task=${properties.task}`
}

/** The logger of a room, e.g. `log('upload')`. */
export function log(room: string) {
  return getLogger(['retrace', room])
}
