/**
 * `npm run pictures`: the pictures in docs/pictures, taken in a real Chromium from a server of its own, and what each page costs. The
 * result is that of test/fixtures/pages; counts are made up.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { installationRoot } from '../../src/program/program.ts'
import { becomes, logIn, openTab, startBrowser } from '../helpers/browser.ts'
import { fixtureCore } from '../helpers/cores.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { largeResults, pythonResults, taskWithResults } from '../helpers/page_tasks.ts'
import { startServer } from '../helpers/server.ts'
import { createTask, scriptedWorker, SUCCEED } from '../helpers/task.ts'
import { costOf } from './figures.ts'
import { makeCounts } from './made_counts.ts'

const PICTURES = join(installationRoot(), 'docs', 'pictures')
const WIDE = { viewport: { width: 1100, height: 760 } }
const NARROW = { viewport: { width: 400, height: 760 }, colorScheme: 'dark' } as const

await using folder = await temporaryFolder()
const core = fixtureCore('amd64', folder.path).core
const worker = scriptedWorker(
  folder,
  `if [ -s packages ] && grep -q wait packages; then
echo 'read: core of /usr/bin/python3.11 (amd64), 5 threads, SIGSEGV'
echo 'resolve: looking for the files of 8 programs and libraries'
echo 'resolve: 8 of 8 are here, 5 with debuginfo, after 0.0 s'
echo debug > step
echo 'debug: running gdb with 31 names for 9 modules, for 590 s at most'
echo 'thread: #0  0x00007fcc49befad8 in __strlen_evex (...) at ../sysdeps/x86_64/multiarch/strlen-evex.S:79'
echo 'thread: #1  0x00007fcc497b517b in string_at (...) at ./Modules/_ctypes/_ctypes.c:5564'
while [ -e coredump ]; do sleep 0.1; done
fi
${SUCCEED}`,
)
await using server = await startServer({
  workerCommand: worker,
  settings: { RETRACE_STATS: 'public', RETRACE_PUBLIC_URL: 'https://retrace.example.org' },
})
const base = server.url.replace('127.0.0.1', 'localhost')
makeCounts(server.program.services.database, { tasks: 5000, now: Math.floor(Date.now() / 1000) })
const browser: Browser = await startBrowser()

async function take(
  name: string,
  options: BrowserContextOptions,
  open: (page: Page) => Promise<unknown>,
): Promise<void> {
  await using tab = await openTab(browser, base, options)
  await open(tab.page)
  writeFileSync(join(PICTURES, `${name}.png`), await tab.page.screenshot())
}

async function measure(name: string, path: string, task?: { id: string; password: string }): Promise<void> {
  await using tab = await openTab(browser, base, WIDE)
  if (task !== undefined) await logIn(tab.page, task)
  await using fresh = await openTab(browser, base, { ...WIDE, storageState: await tab.context.storageState() })
  process.stdout.write(`${name}: ${JSON.stringify(await costOf(fresh.page, path))}\n`)
}

const members = { coredump: 'x', architecture: 'x86_64', release: 'debian-12-amd64', packages: 'wait_1_amd64' }
const running = await createTask(server, members)
const done = await taskWithResults(server, pythonResults())
const frames = await taskWithResults(server, largeResults({ threads: 1, frames: 1000, locals: 3 }))
const lines = await taskWithResults(server, largeResults({ threads: 500, frames: 100, locals: 1 }))

await take('start', { viewport: { width: 1100, height: 860 } }, async (page) => {
  await page.goto('/')
  await page.setInputFiles('#file', core)
  await page.waitForSelector('#ways:not([hidden])')
  await page.click('#ways summary')
  await page.check('#consent')
  await page.locator('#upload').evaluate('(card) => card.scrollIntoView()')
})
await take('task', WIDE, async (page) => {
  await logIn(page, running)
  await becomes(page, "document.querySelectorAll('#live-stack li').length === 2")
})
await take('result', WIDE, async (page) => {
  await logIn(page, done)
})
await take('stacks', WIDE, async (page) => {
  await logIn(page, done)
  await page.locator('.locals summary').first().click()
  await page.locator('#crashed').evaluate('(heading) => heading.scrollIntoView()')
})
await take('result-dark', NARROW, (page) => logIn(page, done))
await take('statistics', WIDE, (page) => page.goto('/stats'))

await measure('GET /', '/')
await measure('a task that runs', `/${running.id}`, running)
await measure('a result (26 frames, 5 threads)', `/${done.id}`, done)
await measure('a result of 1000 frames', `/${frames.id}`, frames)
await measure('a result of 500 threads, 100 frames each, 100,000 lines', `/${lines.id}`, lines)
await measure('GET /stats', '/stats')
await browser.close()
