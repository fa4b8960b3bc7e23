/** A real Chromium for tests of pages: Debian's headless shell, driven by playwright-core. */
import { geteuid } from 'node:process'
import axe from 'axe-core'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const SHELL = '/usr/bin/chromium-headless-shell'
/** Of one wait, under load. */
const PATIENCE_MS = 20_000

/** `hosts`: names that lead to this machine, and are no loopback name to the browser: over plain HTTP it sends no Sec-Fetch-Site there. */
export async function startBrowser({ hosts = [] }: { hosts?: readonly string[] } = {}): Promise<Browser> {
  const rules = hosts.map((name) => `MAP ${name} 127.0.0.1`).join(',')
  return await chromium.launch({
    executablePath: SHELL,
    // Its own sandbox needs another user than root.
    args: [
      '--disable-dev-shm-usage',
      ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`]),
      ...(geteuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
}

export interface Tab extends AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  /** What scripts failed over, what the policy refused, and requests that went elsewhere. */
  readonly complaints: string[]
}

/** A browser's window of its own, with its own cookies; `base` is the server's address. */
export async function openTab(browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: base, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('blob:')) {
      complaints.push(`request ${request.url()}`)
    }
  })
  return { context, page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

interface Violation {
  id: string
  help: string
  nodes: { html: string; failureSummary?: string }[]
}

/** What axe finds wrong with a page, a line each. Its source is evaluated by the debugger, which the policy does not stop. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate<Violation[]>('axe.run(document).then((result) => result.violations)')
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' | ')}`
  )
}

/** Opens a task by the form, as a person does. */
export async function logIn(page: Page, { id, password }: { id: string; password: string }): Promise<void> {
  await page.goto(`/${id}`)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Open the task' }).click()
  await page.waitForSelector('#task')
}

/** Resolves when an expression is true on the page; the policy forbids the browser to ask that itself. Throws after a while. */
export async function becomes(page: Page, expression: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    if (await page.evaluate<unknown>(expression)) return
    await page.waitForTimeout(30)
  }
  throw new Error(`It did not become true on the page: ${expression}`)
}

/** What scripts and the policy complained of; that a page was refused is no complaint. */
export function complaintsOf({ complaints }: Tab): string[] {
  return complaints.filter((each) => !each.startsWith('Failed to load resource'))
}
