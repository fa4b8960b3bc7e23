/** Buttons that put a text into the clipboard: of the page, or of another address. */
import { element, say } from './dom.ts'

export function offerCopies(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button[data-fetch], button[data-copy]')) {
    if (navigator.clipboard === undefined) continue
    button.hidden = false
    // Of a button that says 'Copied' just now nobody knows any more what it is called.
    const name = button.textContent ?? ''
    button.addEventListener('click', () => void copy(button, name))
  }
}

async function copy(button: HTMLButtonElement, name: string): Promise<void> {
  const { fetch: address, copy: id } = button.dataset
  try {
    await navigator.clipboard.writeText(
      id !== undefined ? element(id, HTMLElement).textContent ?? '' : await text(address),
    )
    button.textContent = 'Copied'
    say('copied', 'It is in the clipboard.')
  } catch (error) {
    say('copied', `It could not be copied: ${error instanceof Error ? error.message : error}`)
  }
  setTimeout(() => button.textContent = name, 2000)
}

async function text(address: string | undefined): Promise<string> {
  const answer = await fetch(address ?? '', { headers: { Accept: 'text/plain' } })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return await answer.text()
}
