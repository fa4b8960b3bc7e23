/** A core that is sent from a real Chromium: slim, whole, dropped, in parts over a broken connection, refused, given up. */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Browser } from 'playwright-core'
import { accessibilityFaults, becomes, complaintsOf, openTab, startBrowser, type Tab } from '../../helpers/browser.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { scriptedWorker, SUCCEED } from '../../helpers/task.ts'

type Server = Awaited<ReturnType<typeof startServer>>

let folder: Folder
let browser: Browser
let server: Server
let core: string

const siteOf = ({ url }: { url: string }) => url.replace('127.0.0.1', 'localhost')

/** Tasks wait for the file `go`, and tell their frames twice, as one does that runs again with more memory. */
const worker = () =>
  scriptedWorker(
    folder,
    `
echo debug > step
echo "read: the core has $(stat -c %s coredump) bytes"
printf 'thread: #0  before ()\\nthread: #1  before_that ()\\n'
echo 'debug: again'
echo 'thread: #0  crash () at crash.c:3'
while [ ! -e ${folder.file('go')} ] && [ -e coredump ]; do sleep 0.05; done
${SUCCEED}`,
  )

beforeAll(async () => {
  folder = await temporaryFolder()
  ;({ core } = fixtureCore('amd64', folder.path))
  server = await startServer({ workerCommand: worker(), settings: { RETRACE_STATS: 'public' } })
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function tabFor(options: Parameters<typeof openTab>[2] = {}): Promise<Tab> {
  return await openTab(browser, siteOf(server), options)
}

/** As Promise.withResolvers(), which Node 20 does not have. */
function withResolvers(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {}
  const promise = new Promise<void>((fulfil) => resolve = fulfil)
  return { promise, resolve: () => resolve() }
}

const isReady = '!document.querySelector("#send-button").disabled'

describe('a core that is sent from the browser', () => {
  it('is made slim there, sent after consent, seen while it is retraced, and ends in its result', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await page.goto('/')
    await page.setInputFiles('#file', core)
    await page.waitForSelector('#ways:not([hidden])')
    expect(await page.textContent('#about')).toMatch(/^crash \(amd64\), 3 threads, killed by SIGSEGV/)
    expect(await page.locator('#kinds tbody tr').count()).toBeGreaterThan(3)
    expect(await page.isDisabled('#send-button')).toBe(true)
    await page.check('#consent')
    await page.click('#send-button')
    await page.waitForURL(/\/[0-9]+$/)
    await page.waitForSelector('#live-stack:not([hidden]) li')
    await page.waitForFunction("document.querySelector('#log').textContent.includes('debug: again')")
    await page.waitForFunction("document.querySelector('#live-stack li').textContent.includes('crash.c:3')")
    expect(await page.locator('#live-stack li').allTextContents()).toEqual(['#0  crash () at crash.c:3'])
    const [, sent = ''] = /the core has (\d+) bytes/.exec(await page.textContent('#log') ?? '') ?? []
    expect(Number(sent)).toBeGreaterThan(0)
    expect(Number(sent)).toBeLessThan(readFileSync(core).length)
    await page.waitForSelector('#steps .now[data-step=debug]')
    writeFileSync(folder.file('go'), '')
    await page.waitForSelector('#task[data-state=FINISHED_SUCCESS]')
    expect(await page.textContent('main')).toContain('All is well.')
    expect(page.url()).toMatch(/\/[0-9]+$/)
    expect(complaintsOf(tab)).toEqual([])
  })

  it('is chosen, agreed to and sent by the keyboard alone, not before it is known what could be left out', async () => {
    await using tab = await tabFor()
    const { page } = tab
    const held = withResolvers()
    await page.route('**/assets/slim.js*', async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto('/')
    const tabTo = async (id: string) => {
      for (let steps = 0; await page.evaluate('document.activeElement.id') !== id; steps++) {
        expect(steps).toBeLessThan(20)
        await page.keyboard.press('Tab')
      }
    }
    await tabTo('file')
    const choosing = page.waitForEvent('filechooser')
    // On a busy machine the browser can lose a key, as it can lose a person's.
    let chooser: Awaited<typeof choosing> | undefined
    for (let presses = 0; chooser === undefined && presses < 9; presses++) {
      await page.keyboard.press('Space')
      chooser = await Promise.race([choosing, wait(2_000, undefined)])
    }
    await (chooser ?? await choosing).setFiles({
      name: 'core\u202egnp.<img src=x>',
      mimeType: 'application/octet-stream',
      buffer: readFileSync(core),
    })
    await becomes(page, 'document.querySelector("#said").textContent === "Looking at the core"')
    expect(await page.textContent('#about')).toContain('core\\u202egnp.<img src=x>')
    await tabTo('consent')
    await page.keyboard.press('Space')
    expect(await page.isDisabled('#send-button')).toBe(true)
    held.resolve()
    await becomes(page, isReady)
    expect(await page.textContent('#about')).toContain('core\\u202egnp.<img src=x>')
    expect(await page.locator('#upload img').count()).toBe(0)
    expect(await accessibilityFaults(page)).toEqual([])
    await tabTo('send-button')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/[0-9]+$/)
    expect(complaintsOf(tab)).toEqual([])
  })

  it('of two files that are chosen the later one counts, however long the first one takes', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await page.addInitScript(`{
      const read = Blob.prototype.arrayBuffer
      let pause = 500
      Blob.prototype.arrayBuffer = async function () {
        const [bytes, waits] = [await read.call(this), pause]
        pause = 0
        await new Promise((go) => setTimeout(go, waits))
        if (waits > 0) document.title = 'The first one was read'
        return bytes
      }
    }`)
    await page.goto('/')
    await page.setInputFiles('#file', { name: 'first', mimeType: 'application/x-core', buffer: readFileSync(core) })
    await page.setInputFiles('#file', core)
    await becomes(page, "document.title === 'The first one was read'")
    await page.waitForSelector('#ways:not([hidden])')
    expect(await page.textContent('#about')).toMatch(/^crash \(amd64\), 3 threads, .*: amd64\.core/)
    expect(complaintsOf(tab)).toEqual([])
  })

  it('can be dropped, and sent whole', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await page.goto('/')
    const bytes = [...readFileSync(core).subarray(0, 200_000)]
    const transfer = await page.evaluateHandle(
      `(() => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(${
        JSON.stringify(bytes)
      })], 'core')); return data })()`,
    )
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer })
    await becomes(page, 'document.querySelector("#said").textContent.startsWith("It is sent whole")')
    await page.check('#consent')
    await page.click('#send-button')
    await page.waitForURL(/\/[0-9]+$/)
    await page.waitForSelector('#task[data-state=FINISHED_SUCCESS]')
    expect(complaintsOf(tab)).toEqual([])
  })

  it('goes on where a connection broke', async () => {
    await using tab = await tabFor()
    const { page } = tab
    let patches = 0
    await page.route(
      '**/uploads/*',
      (route) =>
        route.request().method() === 'PATCH' && ++patches === 1 ? route.abort('connectionreset') : route.continue(),
    )
    await page.goto('/')
    await page.setInputFiles('#file', core)
    await page.waitForSelector('#ways:not([hidden])')
    await page.check('#consent')
    await page.click('#send-button')
    await page.waitForURL(/\/[0-9]+$/)
    expect(patches).toBe(2)
    expect(complaintsOf(tab)).toEqual([])
  })

  it('goes on where its server was when it stopped', async () => {
    const place = await temporaryFolder()
    const first = await startServer({ folder: place, workerCommand: worker() })
    await using tab = await openTab(browser, siteOf(first))
    const { page } = tab
    const offsets: number[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
    })
    await page.clock.install()
    await page.goto('/')
    const random = Buffer.from(randomBytes(1_500_000))
    random.set(readFileSync(core).subarray(0, 4096))
    await page.setInputFiles('#file', { name: 'core', mimeType: 'application/octet-stream', buffer: random })
    await page.check('#consent')
    await becomes(page, isReady)
    const network = await tab.context.newCDPSession(page)
    const throttle = (uploadThroughput: number) =>
      network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput,
      })
    await throttle(400_000)
    await page.click('#send-button')
    await becomes(page, 'document.querySelector("#said").textContent.startsWith("Sending")')
    await becomes(
      page,
      'document.querySelector("#progress").value > 20 && document.querySelector("#progress").value < 90',
    )
    await first[Symbol.asyncDispose]()
    const settings = { RETRACE_PORT: String(first.port) }
    await using _second = await startServer({ folder: place, workerCommand: worker(), settings })
    await throttle(-1)
    // The pause that it makes is not waited for.
    await page.clock.fastForward(15_000)
    await page.waitForURL(/\/[0-9]+$/)
    expect(offsets[0]).toBe(0)
    expect(offsets.at(-1)).toBeGreaterThan(0)
    await place[Symbol.asyncDispose]()
  })

  it('asks before its page goes away, and takes back what is half there', async () => {
    await using tab = await tabFor()
    const { page } = tab
    const partial = () => readdirSync(server.spool()).filter((name) => name.startsWith('partial-')).sort()
    const before = partial()
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      void dialog.accept()
    })
    await page.route(
      '**/uploads/*',
      (route) => route.request().method() === 'PATCH' ? route.abort('connectionreset') : route.continue(),
    )
    await page.goto('/')
    await page.setInputFiles('#file', core)
    await page.waitForSelector('#ways:not([hidden])')
    await page.check('#consent')
    await page.click('#send-button')
    await becomes(page, 'document.querySelector("#said").textContent.includes("going on")')
    expect(await page.isDisabled('#file')).toBe(true)
    expect(partial().length).toBe(before.length + 1)
    await page.reload()
    expect(asked).toEqual(['beforeunload'])
    await vi.waitFor(() => expect(partial()).toEqual(before), 10_000)
  })

  it('is given up by a click, and nothing of it stays', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await page.route(
      '**/uploads/*',
      (route) => route.request().method() === 'PATCH' ? route.abort('connectionreset') : route.continue(),
    )
    await page.goto('/')
    await page.setInputFiles('#file', core)
    await page.waitForSelector('#ways:not([hidden])')
    await page.check('#consent')
    await page.click('#send-button')
    await becomes(page, 'document.querySelector("#said").textContent.includes("going on")')
    const deleted = page.waitForResponse((response) => response.request().method() === 'DELETE')
    await page.click('#cancel-button')
    expect((await deleted).status()).toBe(204)
    expect(await page.textContent('#trouble')).toBe('It was not sent')
  })

  it('is refused before anything is sent where it is no core', async () => {
    await using tab = await tabFor()
    const { page } = tab
    await page.goto('/')
    await page.setInputFiles('#file', {
      name: 'photo.png',
      mimeType: 'image/png',
      buffer: readFileSync(core).subarray(64, 4096),
    })
    await becomes(page, 'document.querySelector("#trouble").textContent !== ""')
    await page.check('#consent')
    expect(await page.isDisabled('#send-button')).toBe(true)
  })

  it("the server's own words are shown where it takes none", async () => {
    await using full = await startServer({ workerCommand: worker(), settings: { RETRACE_MAX_UNPACKED_MB: '1' } })
    await using tab = await openTab(browser, siteOf(full))
    const { page } = tab
    await page.goto('/')
    const large = Uint8Array.from(readFileSync(core))
    const whole = new Uint8Array(2 ** 21)
    whole.set(large.subarray(0, 4096))
    await page.setInputFiles('#file', {
      name: 'core',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(whole),
    })
    await page.check('#consent')
    await becomes(page, isReady)
    await page.click('#send-button')
    await becomes(page, 'document.querySelector("#trouble").textContent !== ""')
    expect(await page.textContent('#trouble')).toContain('RETRACE_MAX_UNPACKED_MB')
    await page.setInputFiles('#file', { name: 'core.gz', mimeType: 'application/gzip', buffer: gzipSync(whole) })
    await becomes(
      page,
      'document.querySelector("#said").textContent === "It is sent whole: more than 1.0 MB come out of it"',
    )
    await becomes(page, isReady)
    await page.click('#send-button')
    await becomes(page, 'document.querySelector("#trouble").textContent.includes("RETRACE_MAX_UNPACKED_MB")')
  })
})
