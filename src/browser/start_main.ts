/**
 * The page GET /: a core is chosen or dropped, made slim by a worker, and sent once somebody has agreed; then the task is opened.
 */
import { element, say, show, size } from './dom.ts'
import { announced, type Content, contentOf } from './packing.ts'
import { gunzipped, gzipped } from './compress.ts'
import { NotSent, send, type Sent, takeBack } from './sending.ts'
import type { SlimDone, SlimMessage } from './slim_messages.ts'

interface Chosen {
  readonly file: File
  readonly content: Content
  /** The core itself, unpacked, where a browser can. */
  readonly core: Blob | undefined
  slim: SlimDone | undefined
  /** A worker looks at it: nobody knows yet what could be left out. */
  isLookedAt: boolean
}

/** Bytes that tell what a file is. */
const HEAD = 512
const MIB = 2 ** 20

const upload = element('upload', HTMLElement)
const maxPacked = Number(upload.dataset.packed) * MIB
const maxUnpacked = Number(upload.dataset.unpacked) * MIB
const input = element('file', HTMLInputElement)
const consent = element('consent', HTMLInputElement)
const button = element('send-button', HTMLButtonElement)
const progress = element('progress', HTMLProgressElement)

let chosen: Chosen | undefined
let sending: AbortController | undefined
/** Of the upload that is on its way. */
let address: string | undefined
let worker: Worker | undefined
/** Files that were chosen: what comes late of an earlier one counts no more. */
let choices = 0

upload.hidden = false
input.addEventListener('change', () => {
  const [file] = input.files ?? []
  if (file !== undefined) void choose(file)
})
consent.addEventListener('change', enable)
button.addEventListener('click', () => void start())
element('cancel-button', HTMLButtonElement).addEventListener('click', () => sending?.abort())
const drop = element('drop', HTMLElement)
for (const name of ['dragenter', 'dragover']) {
  drop.addEventListener(name, (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
}
drop.addEventListener('dragleave', () => drop.classList.remove('over'))
drop.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  const [file] = event.dataTransfer?.files ?? []
  if (file !== undefined && sending === undefined) void choose(file)
})
// A file that misses its place would be opened instead of this page.
for (const name of ['dragover', 'drop'] as const) {
  addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
  })
}
// The browser asks; who goes all the same takes the upload back.
addEventListener('beforeunload', (event) => {
  if (sending !== undefined) event.preventDefault()
})
addEventListener('pagehide', () => {
  if (sending !== undefined && address !== undefined) takeBack(address)
})

async function choose(file: File): Promise<void> {
  const number = ++choices
  worker?.terminate()
  chosen = undefined
  for (const id of ['said', 'trouble']) say(id, '')
  show('ways', false)
  show('chosen')
  say('about', `${file.name}, ${size(file.size)}`)
  enable()
  try {
    const found = await looked(file)
    if (number !== choices) return
    say('said', '')
    if (found.content.kind === 'unknown') {
      say('trouble', 'This is neither a coredump (an ELF file) nor an archive that the server knows.')
    } else {
      chosen = found
      if (found.core !== undefined) slim(found, found.core)
      else say('said', asItIs(found.content))
    }
  } catch (error) {
    if (number === choices) say('trouble', `The file cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  enable()
}

async function looked(file: File): Promise<Chosen> {
  const content = contentOf(await head(file), file.name)
  const of = { file, slim: undefined, isLookedAt: false }
  if (content.packing !== 'gzip') {
    return { ...of, content, core: content.kind === 'core' && content.packing === 'none' ? file : undefined }
  }
  say('said', 'Unpacking')
  const inside = contentOf(await head(file, true), '')
  return {
    ...of,
    content: { ...content, kind: inside.kind === 'unknown' ? content.kind : inside.kind },
    core: inside.kind === 'core' ? await gunzipped(file, maxUnpacked) : undefined,
  }
}

/** What is sent of a file that is not made slim here. */
function asItIs({ kind, packing }: Content): string {
  if (kind === 'archive') return 'An archive is sent as it is, with the whole core in it.'
  return packing === 'gzip'
    ? `It is sent whole: more than ${size(maxUnpacked)} come out of it`
    : `It is sent whole: a browser cannot unpack ${packing}. Unpack it first to send less.`
}

/** The first bytes, unpacked where they are gzip. */
async function head(file: Blob, isGzip = false): Promise<Uint8Array> {
  if (!isGzip) return new Uint8Array(await file.slice(0, HEAD).arrayBuffer())
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return value ?? new Uint8Array(0)
}

function slim(of: Chosen, core: Blob): void {
  const address = upload.dataset.worker
  if (address === undefined) return
  say('said', 'Looking at the core')
  of.isLookedAt = true
  worker = new Worker(address)
  worker.addEventListener('message', ({ data }: MessageEvent<SlimMessage>) => {
    if (chosen !== of) return
    of.isLookedAt = false
    say('said', '')
    if ('why' in data) say('said', `It is sent whole: ${data.why}`)
    else tell(of, data)
    enable()
  })
  worker.addEventListener('error', () => {
    if (chosen !== of) return
    of.isLookedAt = false
    say('said', 'It is sent whole: it could not be made slim here')
    enable()
  })
  worker.postMessage(core)
}

function tell(of: Chosen, done: SlimDone): void {
  of.slim = done
  say('about', `${done.about}: ${of.file.name}, ${size(of.file.size)}`)
  say('slim-size', `${size(done.slim.size)}: registers, stacks, the list of modules, and what they point to`)
  say('whole-size', `${size(of.core?.size ?? of.file.size)}: all of its memory`)
  const rows = [...done.kinds, { meaning: 'is not sent', bytes: done.leftOut }].map(({ meaning, bytes }) => {
    const row = document.createElement('tr')
    const [name, number] = [document.createElement('td'), document.createElement('td')]
    name.textContent = meaning
    number.textContent = size(bytes)
    number.className = 'number'
    row.append(name, number)
    return row
  })
  element('kinds', HTMLTableElement).tBodies[0]?.replaceChildren(...rows)
  show('ways')
}

function enable(): void {
  // Who agreed to what is left of a core did not agree to all of it.
  button.disabled = chosen === undefined || chosen.isLookedAt || !consent.checked || sending !== undefined
  input.disabled = sending !== undefined
}

async function start(): Promise<void> {
  const what = chosen
  if (what === undefined || !consent.checked) return
  sending = new AbortController()
  const { signal } = sending
  enable()
  show('cancel-button')
  show('progress-row')
  say('trouble', '')
  try {
    const { body, content } = await packed(what)
    if (signal.aborted) throw new NotSent('It was not sent')
    if (body.size > maxPacked) {
      throw new NotSent(
        `It is ${size(body.size)} when compressed, and the server takes ${size(maxPacked)} (RETRACE_MAX_PACKED_MB)`,
      )
    }
    say('said', `Sending ${size(body.size)}. Keep this page open: who reloads it has to send anew.`)
    const onWait = (why: string) => say('said', why)
    const onBegin = (begun: string) => address = begun
    const task = await send(body, { headers: announced(content), onProgress: advance, onWait, onBegin, signal })
    sending = undefined
    say('said', `It is task ${task.id}`)
    await open(task)
  } catch (error) {
    say('said', '')
    say('trouble', error instanceof Error ? error.message : String(error))
    show('progress-row', false)
  } finally {
    sending = undefined
    address = undefined
    show('cancel-button', false)
    enable()
  }
}

async function packed({ file, content, core, slim }: Chosen): Promise<{ body: Blob; content: Content }> {
  const isSlim = slim !== undefined &&
    document.querySelector('input[name=way]:checked')?.getAttribute('value') === 'slim'
  if (!isSlim && content.packing !== 'none') return { body: file, content }
  const unpacked = (isSlim ? slim.slim : core ?? file).size
  if (unpacked > maxUnpacked) {
    throw new NotSent(
      `It is ${size(unpacked)}, and the server takes ${size(maxUnpacked)} unpacked (RETRACE_MAX_UNPACKED_MB)`,
    )
  }
  say('said', 'Compressing')
  const body = await gzipped(isSlim ? slim.slim : core ?? file, advance)
  return { body, content: { ...content, packing: 'gzip' } }
}

function advance(done: number, all: number): void {
  progress.value = all === 0 ? 0 : Math.floor(100 * done / all)
}

/** The cookie comes with the answer; the password stands in no address. */
async function open({ id, password }: Sent): Promise<void> {
  const answer = await fetch('open', {
    method: 'POST',
    body: new URLSearchParams({ id, password }),
    redirect: 'manual',
    headers: { Accept: 'text/plain' },
  })
  if (answer.type !== 'opaqueredirect' && !answer.ok) {
    throw new NotSent(
      `Task ${id} was made (its password is ${password}), but it cannot be opened: ${await answer.text()}`,
    )
  }
  location.assign(id)
}
