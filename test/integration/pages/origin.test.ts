/** Forms of a browser that says nothing of Sec-Fetch-Site: it names the page's origin, and no other site hears where it was. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { openTab, startBrowser } from '../../helpers/browser.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const OURS = 'retrace.test'

it('our own form is taken, one of another site is not, and a link tells nobody which task was read', async () => {
  await using folder = await temporaryFolder()
  await using server = await startServer({
    plain: true,
    settings: { RETRACE_REQUIRE_HTTPS: '0' },
    workerCommand: scriptedWorker(folder, SUCCEED),
  })
  const task = await createTask(server)
  await endOf(server, task)
  const ours = `http://${OURS}:${server.port}`
  const heard: IncomingHttpHeaders[] = []
  const other = createServer((request, response) => {
    heard.push(request.headers)
    response.setHeader('Content-Type', 'text/html').end(
      `<form method=post action='${ours}/open'><input name=id value=1><button>Send</button></form>`,
    )
  }).listen(0, '127.0.0.1')
  const browser = await startBrowser({ hosts: [OURS, 'other.test'] })
  try {
    await using tab = await openTab(browser, ours)
    const { page } = tab
    const sent = async (button: string) => {
      const request = page.waitForRequest((each) => each.method() === 'POST')
      await page.getByRole('button', { name: button }).click()
      const answer = await (await request).response()
      return { headers: await (await request).allHeaders(), status: answer?.status() }
    }
    await page.goto(`/${task.id}`)
    await page.getByLabel('Password').fill(task.password)
    const own = await sent('Open the task')
    expect(own.headers).toMatchObject({ origin: ours })
    expect(own.headers['sec-fetch-site']).toBeUndefined()
    expect(own.status).toBe(303)
    await page.goto(`/${task.id}`)
    const { port } = other.address() as AddressInfo
    const left = page.waitForURL(/other\.test/)
    await page.evaluate(`location.href = 'http://other.test:${port}/'`)
    await left
    expect(heard[0]?.referer).toBeUndefined()
    const foreign = await sent('Send')
    expect([foreign.headers['origin'], foreign.status]).toEqual([`http://other.test:${port}`, 403])
  } finally {
    await browser.close()
    other.close()
  }
})
