/** Frames and threads that the server shows when somebody asks: a part of another page of it, put in the place of its link. */

export function openStacks(root: HTMLElement): void {
  root.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[data-more]') : null
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    void load(link, true)
  })
  // A details element tells nobody above it.
  root.addEventListener('toggle', ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.open) return
    const link = target.querySelector(':scope > .more > a[data-now]')
    if (link instanceof HTMLAnchorElement) void load(link, false)
  }, true)
}

async function load(link: HTMLAnchorElement, takesFocus: boolean): Promise<void> {
  if (link.getAttribute('aria-busy') === 'true') return
  link.setAttribute('aria-busy', 'true')
  try {
    const answer = await fetch(link.href, { headers: { Accept: 'text/html' } })
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const part = page.querySelector('[data-stack]')
    if (!answer.ok || part === null) throw new Error(`The server answered ${answer.status}`)
    put(link, part, takesFocus)
  } catch (error) {
    link.removeAttribute('aria-busy')
    link.textContent = `Try again: ${error instanceof Error ? error.message : error}`
  }
}

/** Further frames go on in their own list; what is new gets the focus that the link had. */
function put(link: HTMLAnchorElement, part: Element, takesFocus: boolean): void {
  const place = link.closest('.more') ?? link
  const nodes = [...part.childNodes]
  place.replaceWith(...nodes)
  const first = nodes.find((node) => node instanceof HTMLElement)
  if (!takesFocus || !(first instanceof HTMLElement)) return
  first.tabIndex = -1
  first.focus({ preventScroll: true })
}
