/** What a page costs a browser: bytes and requests, when something is seen, for how long it stands still, what moves. */
import type { Page } from 'playwright-core'

export interface Cost {
  readonly requests: number
  /** Bytes of bodies as they were sent. */
  readonly bytes: number
  /** Of what is not the page itself: style and scripts. */
  readonly assetBytes: number
  readonly firstPaintMs: number
  readonly longestTaskMs: number
  readonly layoutShift: number
}

const WATCH = `
window.longest = 0; window.shift = 0
new PerformanceObserver((list) => { for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration) })
  .observe({ type: 'longtask', buffered: true })
new PerformanceObserver((list) => { for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value })
  .observe({ type: 'layout-shift', buffered: true })
`

/** Of a page as who comes for the first time gets it. */
export async function costOf(page: Page, path: string): Promise<Cost> {
  await page.addInitScript(WATCH)
  const sizes: { url: string; bytes: number }[] = []
  page.on('requestfinished', async (request) => {
    if (request.url().includes('/events')) return
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }))
    sizes.push({ url: request.url(), bytes: responseBodySize })
  })
  await page.goto(path, { waitUntil: 'load' })
  await page.waitForTimeout(500)
  const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
  const sum = (of: typeof sizes) => of.reduce((all, { bytes }) => all + bytes, 0)
  return {
    requests: sizes.length,
    bytes: sum(sizes),
    assetBytes: sum(sizes.filter(({ url }) => url.includes('/assets/'))),
    firstPaintMs: Math.round(paint),
    longestTaskMs: Math.round(await page.evaluate<number>('window.longest')),
    layoutShift: Number((await page.evaluate<number>('window.shift')).toFixed(4)),
  }
}
