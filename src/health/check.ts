/**
 * `--check`: a line for the configuration and for each look, and what to do where something is wrong. Looks at
 * everything, whatever it finds; changes nothing.
 */
import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { geteuid } from 'node:process'
import { type ConfigOf, type Environment, misspelt, readConfig } from '../config/config.ts'
import { contradictions } from '../config/contradictions.ts'
import { closeDatabase, type Database, openDatabase } from '../database/database.ts'
import { serviceUser } from '../process/service_user.ts'
import { escapeText } from '../text/escape.ts'
import { type Finding, type Look, lookAt, type Subject } from './look.ts'
import { LOOKS } from './looks.ts'

/** Which looks are asked, and of which environment; left out: all, of this process. */
interface CheckOptions {
  environment?: Environment
  looks?: readonly Look[]
}

/** Asks the looks and prints a line for each; true when nothing failed. */
export async function check(say: (line: string) => void, options: CheckOptions = {}): Promise<boolean> {
  let isWell = true
  for await (const { what, verdict, text, more } of findings(options)) {
    isWell &&= verdict !== 'FAIL'
    const line = `${verdict.padEnd(4)} ${what.padEnd(13)} ${more === undefined ? text : `${text}: ${more}`}`
    // What a program wrote to standard error can be several lines.
    say(escapeText(line, { lineFeed: ' | ' }))
  }
  return isWell
}

async function* findings({ environment, looks = LOOKS }: CheckOptions): AsyncGenerator<Finding & { what: string }> {
  let config: ConfigOf<'abrt-retrace-server' | 'abrt-retrace-worker'>
  try {
    config = readConfig(['abrt-retrace-server', 'abrt-retrace-worker'], environment)
  } catch (error) {
    yield { what: 'configuration', verdict: 'FAIL', text: error instanceof Error ? error.message : String(error) }
    return
  }
  yield { what: 'configuration', verdict: 'ok', text: 'all settings can be read' }
  for (const text of [...misspelt(config, environment), ...contradictions(config, totalmem())]) {
    yield { what: 'configuration', verdict: 'warn', text }
  }
  if (geteuid?.() === 0) {
    const more = 'run it as the user of the unit: setpriv --reuid=abrt-retrace --regid=abrt-retrace --init-groups ...'
    yield { what: 'user', verdict: 'ok', text: "rights are judged as root's, who may read and write everything", more }
  }
  let opened: Database | undefined
  const subject: Subject = {
    config,
    database: () =>
      opened ??= existsSync(config.database) ? openDatabase(config.database, { demandCurrent: true }) : undefined,
    isRunning: false,
    now: new Date(),
    serviceUser: serviceUser()?.uid,
  }
  try {
    for (const look of looks) yield { what: look.what, ...await lookAt(look, subject) }
  } finally {
    if (opened !== undefined) closeDatabase(opened)
  }
}
