/** Pages in a real Chromium: tasks are opened, seen, read and deleted; and what a person cannot see or use. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from 'playwright-core'
import {
  accessibilityFaults,
  becomes,
  complaintsOf,
  logIn,
  openTab,
  startBrowser,
  type Tab,
} from '../../helpers/browser.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { countOnce } from '../../../src/runner/crash_table.ts'
import { largeResults, pythonResults, taskWithResults } from '../../helpers/page_tasks.ts'
import { startServer } from '../../helpers/server.ts'
import { createTask, endOf, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

type Server = Awaited<ReturnType<typeof startServer>>

let folder: Folder
let browser: Browser
let server: Server

const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
const MEMBERS = { coredump: 'x', architecture: 'x86_64', release: 'debian-12-amd64' }
const HOSTILE = '<img src=x onerror=alert(1)><b id=evil>'

const siteOf = ({ url }: { url: string }) => url.replace('127.0.0.1', 'localhost')

/** Tasks end at once, badly where their packages say so, and not before they are deleted where they name none. */
const worker = () =>
  scriptedWorker(
    folder,
    `
if grep -q fail packages 2>/dev/null; then
${FAIL}
fi
if [ ! -s packages ]; then
echo debug > step
echo 'thread: #0  crash () at crash.c:3'
while [ -e coredump ]; do sleep 0.05; done
fi
${SUCCEED}`,
  )

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({ workerCommand: worker(), settings: { RETRACE_STATS: 'public' } })
  browser = await startBrowser()
  const hour = Math.floor(Date.now() / 3_600_000) * 3600
  const counted = { hour, release: HOSTILE, package: HOSTILE, outcome: 'ok', signature: HOSTILE, duphash: '' }
  countOnce(server.program.services.database, 1_000_000, counted, {
    ...counted,
    sentence: HOSTILE,
    seconds: { total: 1 },
    packages: { here: 1, fetched: 1 },
    missing: [{ package: HOSTILE, file: HOSTILE, buildId: HOSTILE, status: 'missing' }],
  })
}, 60_000)

afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function tabFor(options: Parameters<typeof openTab>[2] = {}): Promise<Tab> {
  return await openTab(browser, siteOf(server), options)
}

describe('a task', () => {
  it('is opened by a cookie of its own alone; one tab that leaves or deletes it is followed by the other', async () => {
    await using tab = await tabFor()
    const { page, context } = tab
    const task = await createTask(server, { ...MEMBERS, packages: '' })
    await logIn(page, task)
    const reaches = async (path: string) => (await context.cookies(siteOf(server) + path)).length
    expect(await reaches(`/${task.id}/events`)).toBe(1)
    expect([await reaches('/'), await reaches(`/${task.id}0`), await reaches('/open')]).toEqual([0, 0, 0])
    expect(await page.evaluate('document.cookie')).toBe('')
    const other = await context.newPage()
    await other.goto(`/${task.id}`)
    await other.click('text=Leave')
    await other.waitForURL(/\/$/)
    expect((await other.goto(`/${task.id}`))?.status()).toBe(403)
    await logIn(other, task)
    await other.click('.delete summary')
    await other.click('.delete button')
    await page.waitForSelector('.notice.bad')
  })

  it('asks for its password, again where it is wrong, and is deleted by two clicks', async () => {
    await using tab = await tabFor()
    const { page } = tab
    const task = await createTask(server)
    await endOf(server, task)
    await page.goto(`/${task.id}`)
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[role=alert]')
    expect(await page.textContent('[role=alert]')).toContain(`not the password of task ${task.id}`)
    await page.getByLabel('Password').fill(task.password)
    await page.keyboard.press('Enter')
    await page.waitForSelector('#task')
    await page.click('.delete summary')
    await page.click('.delete button')
    await page.waitForURL(/\/$/)
    expect((await page.goto(`/${task.id}`))?.status()).toBe(404)
  })

  it('that failed says why, what to do, and how its log ends', async () => {
    await using tab = await tabFor()
    const task = await createTask(server, { ...MEMBERS, packages: 'fail_1_amd64' })
    await endOf(server, task)
    await logIn(tab.page, task)
    const text = await tab.page.textContent('main')
    expect(text).toMatch(/The core is no ELF file\.\s+Send the core itself\./)
    expect(text).toContain('read: the core is no core')
    expect(await accessibilityFaults(tab.page)).toEqual([])
  })

  it('is read without scripts, too', async () => {
    await using tab = await tabFor({ javaScriptEnabled: false })
    expect(await (await tab.page.goto('/'))?.text()).toMatch(/<section id="upload"(?![^>]*hidden)/)
    expect(await tab.page.locator('#upload').isVisible()).toBe(false)
    await logIn(tab.page, await taskWithResults(server, pythonResults()))
    expect(await tab.page.textContent('h1')).toContain('read address 0x0 in strlen')
    expect(await tab.page.locator('.thread .frame').first().isVisible()).toBe(false)
    await tab.page.click('.thread summary')
    expect(await tab.page.locator('.thread .frame').first().isVisible()).toBe(true)
    await logIn(tab.page, await taskWithResults(server, largeResults({ threads: 200, frames: 110, locals: 0 })))
    await tab.page.click('.thread summary')
    await tab.page.click('.thread a')
    expect(await tab.page.textContent('h1')).toMatch(/^Thread \d of task/)
    expect(await tab.page.locator('.frame').count()).toBe(100)
    await tab.page.click('.more a')
    expect(await tab.page.locator('.frame').count()).toBe(10)
    await tab.page.click('text=Back to the task')
    await tab.page.click('.more a:has-text("stacks")')
    expect(await tab.page.textContent('h1')).toMatch(/^Threads of task/)
    expect(await tab.page.locator('.thread').count()).toBe(99)
  })

  it('is seen on while its server stops and comes back', async () => {
    const place = await temporaryFolder()
    const waiting = scriptedWorker(
      place,
      `echo 'read: begun'\nwhile [ ! -e ${place.file('go')} ]; do sleep 0.05; done\n${SUCCEED}`,
    )
    const first = await startServer({ folder: place, workerCommand: waiting })
    const task = await createTask(first)
    await using tab = await openTab(browser, siteOf(first))
    await logIn(tab.page, task)
    await becomes(tab.page, 'document.querySelector("#log").textContent.includes("begun")')
    await first[Symbol.asyncDispose]()
    await tab.page.waitForSelector('#connection:not([hidden])')
    const second = await startServer({
      folder: place,
      workerCommand: waiting,
      settings: { RETRACE_PORT: String(first.port) },
    })
    await tab.page.waitForSelector('#connection', { state: 'hidden' })
    writeFileSync(place.file('go'), '')
    await tab.page.waitForSelector('#task[data-state=FINISHED_SUCCESS]')
    expect(await tab.page.textContent('main')).toContain('All is well.')
    await second[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })
})

describe('a result', () => {
  it('has the crashed thread open beside its script, equal stacks once, values and frames on demand', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await logIn(page, await taskWithResults(server, pythonResults()))
    expect(await page.locator('.side-by-side .frames').count()).toBe(2)
    expect(await page.textContent('.side-by-side .language')).toContain("parse(line='first', depth=0)")
    expect(await page.textContent('.thread summary')).toContain('4 threads')
    expect(await page.locator('.frame.no-symbols').count()).toBeGreaterThan(1)
    expect(await page.locator('.locals table').first().isVisible()).toBe(false)
    await page.locator('.locals summary').first().click()
    expect(await page.locator('.locals table').first().isVisible()).toBe(true)
    await page.locator('.thread summary').first().press('Enter')
    expect(await page.locator('.thread .frame').first().isVisible()).toBe(true)
    expect(await page.textContent('mark')).toContain('=>')
    await page.locator('.locals summary').first().click()
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    for (const folded of ['.locals table', '.thread:not([open]) .frame', '.registers']) {
      expect([folded, await page.locator(folded).first().isVisible()]).toEqual([folded, true])
    }
    expect(await page.locator('.task-actions').isVisible()).toBe(false)
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(complaintsOf(tab)).toEqual([])
  })

  it('is copied as it is, as text and as Markdown, and its password, too', async () => {
    await using tab = await tabFor({ permissions: ['clipboard-read', 'clipboard-write'] })
    const { page } = tab
    const results = pythonResults()
    const task = await taskWithResults(server, results)
    await logIn(page, task)
    await page.click('.share summary')
    for (
      const [name, copied] of [
        ['Copy as text', String(results.backtrace)],
        ['Copy as Markdown', String(results['backtrace.md'])],
        ['Copy the password', task.password],
      ] as const
    ) {
      const button = page.getByRole('button', { name })
      // A second click while it says 'Copied' changes nothing.
      const handle = await button.elementHandle()
      await handle?.click()
      await becomes(page, "document.querySelector('#copied').textContent === 'It is in the clipboard.'")
      await handle?.click()
      await button.waitFor()
      await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(copied)
    }
    expect(complaintsOf(tab)).toEqual([])
  })

  it('of 1000 frames and 1000 threads shows a part of them, and further ones as they are asked for', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await logIn(page, await taskWithResults(server, largeResults({ threads: 1000, frames: 110, locals: 0 })))
    expect(await page.locator('.frame').count()).toBe(100)
    await page.click('a[data-more]:has-text("frames"):not([data-now])')
    await becomes(page, "document.querySelectorAll('.frame').length === 110")
    expect(await page.locator('.thread').count()).toBe(100)
    await page.click('a[data-more]:has-text("stacks")')
    await becomes(page, "document.querySelectorAll('.thread').length === 200")
    await page.locator('.thread summary').first().press('Enter')
    await becomes(page, "document.querySelectorAll('.frame').length === 210")
  })

  it('of a hostile core is text: no dialog, no request, no element of it', async () => {
    const evil =
      '<img src="https://evil.example/x" onerror=alert(1)><script>alert(2)</script><b id=evil>\u202e\u001b[31m' +
      'x'.repeat(400)
    const frame = {
      level: 0,
      function: evil,
      file: evil,
      line: 1,
      path: evil,
      trust: 'guessed',
      source_url: 'javascript:alert(3)',
      arguments: [{ name: evil, value: evil, state: 'whole' }],
      locals: [{ name: evil, type: evil, value: evil, state: 'whole' }],
    }
    const json = {
      sentence: evil,
      threads: [
        { number: 1, frames: [{ ...frame, source_url: `https://sources.example/${evil}` }, frame], stopped: evil },
        { number: 2, frames: [frame] },
      ],
      languages: [{
        implementation: evil,
        missing: evil,
        stacks: [true, false].map((crashed) => ({
          crashed,
          thread: 1,
          goroutine: evil,
          frames: [{ function: evil, file: evil, kind: evil, arguments: [{ name: evil, value: evil }] }],
        })),
      }],
      core: { command_line: evil },
      limits: [evil],
      modules: [{ path: evil, status: evil, package: evil, build_id: evil, tried: [evil] }],
      registers: { [evil]: evil },
      instructions: [`=> ${evil}`],
      messages: { abort: evil },
    }
    await using tab = await tabFor({ viewport: { width: 320, height: 800 } })
    const { page } = tab
    await logIn(page, await taskWithResults(server, { 'backtrace.json': JSON.stringify(json) }))
    await page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await accessibilityFaults(page), await page.evaluate(OVERFLOW)]).toEqual([
        colorScheme,
        [],
        0,
      ])
    }
    expect(await page.locator('.frame a').count()).toBe(1)
    expect(await page.locator('.frame a').getAttribute('rel')).toBe('noreferrer')
    await page.emulateMedia({ media: 'print' })
    expect(await page.evaluate("getComputedStyle(document.querySelector('.frame a'), '::after').content")).toContain(
      'https://sources.example/',
    )
    expect(await page.locator('main img, main script, #evil, [onerror], a[href^=javascript]').count()).toBe(0)
    expect(await page.locator('.function').first().textContent()).toContain(
      '<img src="https://evil.example/x" onerror=alert(1)>',
    )
    expect(await page.textContent('main')).not.toMatch(/\u202e/u)
    expect(complaintsOf(tab)).toEqual([])
  })
})

describe('every page', () => {
  it.each([['light', 1200], ['dark', 320]] as const)(
    '%s, %i pixels wide: axe finds no fault, and nothing is cut off',
    async (colorScheme, width) => {
      await using tab = await tabFor({ colorScheme, viewport: { width, height: 800 } })
      const { page } = tab
      const running = await createTask(server, {
        coredump: 'x',
        architecture: 'x86_64',
        release: 'debian-12',
        packages: '',
      })
      const done = await taskWithResults(server, pythonResults())
      const pages: [string, () => Promise<unknown>][] = [
        ['start', () => page.goto('/')],
        ['form', () => page.goto(`/${done.id}`)],
        ['wrong password', async () => {
          await page.goto(`/${done.id}`)
          await page.getByLabel('Password').fill('wrong')
          await page.keyboard.press('Enter')
          await page.waitForSelector('[role=alert]')
        }],
        ['failure', () => page.goto('/nowhere')],
        ['task', async () => {
          await logIn(page, running)
          await page.click('.share summary')
        }],
        ['result', () => logIn(page, done)],
        ['statistics', async () => {
          await page.goto('/stats?days=730')
          await page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
          expect(await page.textContent('main')).toContain(HOSTILE)
          expect(await page.locator('figure svg').count()).toBe(4)
          expect(await page.locator('main img, main b[id], main script').count()).toBe(0)
        }],
      ]
      for (const [name, open] of pages) {
        await open()
        expect([name, await accessibilityFaults(page)]).toEqual([name, []])
        expect([name, await page.evaluate(OVERFLOW)]).toEqual([name, 0])
        if (name === 'wrong password' || name === 'task') continue
        await page.keyboard.press('Tab')
        expect([name, await page.evaluate('document.activeElement.className')]).toEqual([name, 'skip'])
      }
      expect(complaintsOf(tab)).toEqual([])
    },
  )
})
