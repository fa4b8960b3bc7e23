/**
 * The page GET /: a core is chosen or dropped, made slim by a worker, and sent once somebody has agreed; then the task is opened.
 */
import { element, say, show, size } from './dom.ts'
import { announced, type Content, contentOf } from './packing.ts'
import { gunzipped, gzipped } from './compress.ts'
import { NotSent, send, type Sent } from './sending.ts'
import type { SlimDone, SlimMessage } from './slim_messages.ts'

interface Chosen {
  readonly file: File
  readonly content: Content
  /** The core itself, unpacked, where a browser can. */
  readonly core: Blob | undefined
  slim: SlimDone | undefined
}

/** Bytes that tell what a file is. */
const HEAD = 512
const MIB = 2 ** 20

const upload = element('upload', HTMLElement)
const maxPacked = Number(upload.dataset.packed) * MIB
const consent = element('consent', HTMLInputElement)
const button = element('send-button', HTMLButtonElement)
const progress = element('progress', HTMLProgressElement)

let chosen: Chosen | undefined
let sending: AbortController | undefined
let worker: Worker | undefined

upload.hidden = false
element('file', HTMLInputElement).addEventListener('change', ({ target }) => {
  const [file] = target instanceof HTMLInputElement ? target.files ?? [] : []
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
  if (file !== undefined) void choose(file)
})

async function choose(file: File): Promise<void> {
  worker?.terminate()
  chosen = undefined
  for (const id of ['said', 'trouble']) say(id, '')
  show('ways', false)
  show('chosen')
  say('about', `${file.name}, ${size(file.size)}`)
  enable()
  try {
    const first = await head(file)
    let content = contentOf(first, file.name)
    let core = content.kind === 'core' && content.packing === 'none' ? file : undefined
    if (content.packing === 'gzip') {
      say('said', 'Unpacking')
      const inside = contentOf(await head(file.slice(0), true), '')
      content = { ...content, kind: inside.kind === 'unknown' ? content.kind : inside.kind }
      if (inside.kind === 'core') core = await gunzipped(file) as File
    }
    if (content.kind === 'unknown') {
      return say('trouble', 'This is neither a coredump (an ELF file) nor an archive that the server knows.')
    }
    chosen = { file, content, core, slim: undefined }
    say('said', '')
    if (core !== undefined) slim(chosen, core)
  } catch (error) {
    say('trouble', `The file cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  enable()
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
  worker = new Worker(address)
  worker.addEventListener('message', ({ data }: MessageEvent<SlimMessage>) => {
    if (chosen !== of) return
    say('said', '')
    if ('why' in data) say('said', `It is sent whole: ${data.why}`)
    else tell(of, data)
    enable()
  })
  worker.addEventListener('error', () => {
    if (chosen === of) say('said', 'It is sent whole: it could not be made slim here')
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
  button.disabled = chosen === undefined || !consent.checked || sending !== undefined
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
    say('said', `Sending ${size(body.size)}`)
    const onWait = (why: string) => say('said', why)
    const task = await send(body, { headers: announced(content), onProgress: advance, onWait, signal })
    say('said', `It is task ${task.id}`)
    await open(task)
  } catch (error) {
    say('said', '')
    say('trouble', error instanceof Error ? error.message : String(error))
    show('progress-row', false)
  } finally {
    sending = undefined
    show('cancel-button', false)
    enable()
  }
}

async function packed({ file, content, core, slim }: Chosen): Promise<{ body: Blob; content: Content }> {
  const isSlim = slim !== undefined &&
    document.querySelector('input[name=way]:checked')?.getAttribute('value') === 'slim'
  if (!isSlim && content.packing !== 'none') return { body: file, content }
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
