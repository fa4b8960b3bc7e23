/**
 * A task that waits or runs: its log, frames and steps as they come (GET /<id>/events), and the page anew at its end. A server that
 * stops is asked again until it is back.
 */
import { element, say, show } from './dom.ts'

const RETRY_MS = 2000
const STATUS_MS = 2000
/** Lines that stay on the page. */
const MAX_LINES = 5000
const INNERMOST = /^#0\s/

export function watch(id: string): void {
  const log = element('log', HTMLPreElement)
  let timer: number | undefined
  let isOver = false

  function connect(): void {
    const events = new EventSource(`${id}/events`)
    let isFirst = true
    events.addEventListener('open', () => show('connection', false))
    events.addEventListener('log', ({ data }: MessageEvent<string>) => {
      if (isFirst) log.textContent = ''
      isFirst = false
      addLine(log, data)
    })
    events.addEventListener('thread', ({ data }: MessageEvent<string>) => addFrames(data.split('\n')))
    events.addEventListener('status', ({ data }: MessageEvent<string>) => {
      if (data === 'PENDING') return
      isOver = true
      events.close()
      location.reload()
    })
    events.addEventListener('error', () => {
      if (isOver) return
      say('connection', 'The server does not answer at the moment; what it does is shown when it is back.')
      show('connection')
      // A broken connection is made again by the browser; what was refused is not.
      if (events.readyState !== EventSource.CLOSED) return
      clearTimeout(timer)
      timer = setTimeout(() => void again(), RETRY_MS)
    })
  }

  /** After a refusal: is the task still there? */
  async function again(): Promise<void> {
    const status = await fetch(id, { headers: { Accept: 'application/json' } }).then((answer) => answer.status, () => 0)
    if (status === 404 || status === 403) return location.reload()
    element('live-stack', HTMLElement).querySelector('ol')?.replaceChildren()
    connect()
  }

  async function ask(): Promise<void> {
    try {
      const answer = await fetch(id, { headers: { Accept: 'application/json' } })
      if (answer.ok && !isOver) tell(await answer.json())
      if (answer.status === 404) return location.reload()
    } catch {
      // The events tell that the server is away.
    }
    if (!isOver) setTimeout(() => void ask(), STATUS_MS)
  }

  connect()
  void ask()
}

interface Status {
  readonly state: string
  readonly step: string | null
  readonly queue_position: number | null
  readonly expected_start: string | null
  readonly wanted: { readonly seconds: number } | null
}

function tell({ state, step, queue_position: place, expected_start: start, wanted }: Status): void {
  if (state !== 'PENDING' || step === null) return
  let isBefore = true
  for (const item of element('steps', HTMLOListElement).querySelectorAll('li')) {
    const isNow = item.dataset.step === step
    if (isNow) isBefore = false
    item.className = isNow ? 'now' : isBefore ? 'done' : ''
    if (isNow) item.setAttribute('aria-current', 'step')
    else item.removeAttribute('aria-current')
    if (isNow && place === null && wanted === null) change('now', `${item.textContent}.`)
  }
  // A live region would speak each second: the page itself says how long at first.
  if (wanted !== null) change('now', 'Waits for further memory from the sender, which the debugger missed.')
  if (place === null || start === null) return
  const seconds = Math.max(0, Math.round((Date.parse(start) - Date.now()) / 1000))
  change('now', `At place ${place} of the queue, expected to start in ${seconds} second${seconds === 1 ? '' : 's'}.`)
}

/** A live region speaks when it changes. */
function change(id: string, text: string): void {
  if (element(id, HTMLElement).textContent !== text) say(id, text)
}

function addLine(log: HTMLPreElement, line: string): void {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  log.append(`${line}\n`)
  while (log.childNodes.length > MAX_LINES) log.firstChild?.remove()
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

/** A task that had memory sent for a further round tells its frames anew: what an earlier run said of them goes. */
function addFrames(lines: readonly string[]): void {
  show('live-stack')
  const list = element('live-stack', HTMLElement).querySelector('ol')
  for (const line of lines) {
    if (INNERMOST.test(line)) list?.replaceChildren()
    const item = document.createElement('li')
    item.textContent = line
    list?.append(item)
  }
}
