/** What the programs say of a fault: the row of docs/trouble.md. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { configure, reset } from '@logtape/logtape'
import { check } from '../../src/health/check.ts'
import { LOOKS } from '../../src/health/looks.ts'
import { version } from '../../src/program/program.ts'
import { lineOf } from '../../src/telemetry/log.ts'
import { type Fault, portTaken, TAKEN } from './faults.ts'
import { type Folder, temporaryFolder } from './folder.ts'
import { serverSettings, startServer, type TestServer } from './server.ts'
import { scriptedWorker, SUCCEED } from './task.ts'

export interface Said {
  what: string
  check: string
  start: string
  readyz: string
  upload: string
  log: string
}

const NONE = ''

/** Makes the fault, asks, and takes it back. `body`: an archive packed by xz. */
export async function saidOf(fault: Fault, body: Uint8Array): Promise<Said> {
  await using folder = await temporaryFolder()
  const usual = serverSettings(folder).settings
  if (fault.small !== undefined) {
    mkdirSync(folder.file(fault.small), { recursive: true, mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', folder.file(fault.small)])
  }
  const undo = await fault.before?.(folder)
  const settings = { ...usual, ...fault.settings?.(folder) }
  for (const [name, value] of Object.entries(settings)) if (value === TAKEN) settings[name] = portTaken()
  try {
    return tidied(await asked(fault, { folder, settings, body }), folder)
  } finally {
    await undo?.()
    if (fault.small !== undefined) execFileSync('umount', ['--lazy', folder.file(fault.small)])
  }
}

async function asked(
  fault: Fault,
  { folder, settings, body }: { folder: Folder; settings: Record<string, string>; body: Uint8Array },
): Promise<Said> {
  const lines = await logged()
  let server: TestServer | undefined
  let undo: (() => unknown) | void = undefined
  const said: Said = { what: fault.what, check: NONE, start: NONE, readyz: NONE, upload: NONE, log: NONE }
  try {
    if (fault.during === undefined) said.check = await checked(fault, settings)
    server = await startServer({ folder, settings, workerCommand: scriptedWorker(folder, SUCCEED) })
    said.start = 'starts'
    undo = fault.during?.(folder)
    if (fault.during !== undefined) said.check = await checked(fault, settings)
    const isPlain = settings['RETRACE_TLS_CERT'] === ''
    const headers = isPlain ? { 'X-Forwarded-Proto': 'https' } : {}
    said.readyz = (await server.client.ask('/readyz', { headers })).text.split('\n')
      .filter((line) => !line.startsWith('ok ') && line !== '' && !line.includes('no repository is known yet')).join(
        '<br>',
      )
    const answer = await server.client.ask('/create', {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/x-xz', 'Prefer': 'respond-async' },
      body,
    })
    said.upload = `${answer.status} ${answer.text}`.trim()
  } catch (cause) {
    if (server !== undefined) said.upload = cause instanceof Error ? cause.message : String(cause)
    else said.start = cause instanceof Error ? cause.message : String(cause)
  } finally {
    undo?.()
    await server?.[Symbol.asyncDispose]()
    await reset()
  }
  // What counts tasks in the background can meet the fault, too, or not.
  const told = lines.filter((line) => !line.includes('are counted at the next start'))
  return { ...said, log: [...new Set(told)].join('<br>') }
}

/** The lines of `--check` that are not ok. */
async function checked({ looks }: Fault, environment: Record<string, string>): Promise<string> {
  const lines: string[] = []
  await check((line) => void lines.push(line), { environment, looks: LOOKS.filter(({ what }) => looks.includes(what)) })
  return lines.filter((line) => !line.startsWith('ok ')).map((line) => line.replace(/ {2,}/g, ' ')).join('<br>') || 'ok'
}

/** What is logged from now on, from warnings on. */
async function logged(): Promise<string[]> {
  const lines: string[] = []
  const line = lineOf({ logFormat: 'text' })
  await configure({
    reset: true,
    sinks: { said: (record) => void lines.push(line(record).replace(/^\S+ /, '').replace(/ \| {4,}at .*/s, '')) },
    loggers: [
      { category: ['retrace'], lowestLevel: 'warning', sinks: ['said'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: [] },
    ],
  })
  return lines
}

/** Without what differs from machine to machine and from run to run. */
function tidied(said: Said, folder: Folder): Said {
  const tidy = (text: string) =>
    text.replaceAll(folder.path, '/FOLDER').replace(/\b[0-9]+ MiB are free/g, 'N MiB are free')
      // The test's own certificate is valid for a month.
      .replace(/valid until [0-9-]{10}/g, 'valid until DATE').replaceAll('|', '/')
      .replace(/(PORT is) [0-9]{4,5}\b/g, '$1 N').replace(/\n+/g, ' ').replace(/upload-[0-9a-f-]+/g, 'upload-N')
      .replace(`, ${version()}:`, ', VERSION:').replace(/\(mode [0-7]+\)/g, '(mode N)').trim()
  return Object.fromEntries(Object.entries(said).map(([key, text]) => [key, tidy(text)])) as unknown as Said
}
