/**
 * Elements of our own pages, by their ids; what a page lacks is a mistake of ours. What is said
 * may hold names of a stranger's core or file: what is not seen is shown as its number.
 */
import { escapeText } from '../text/escape.ts'

/** Throws where the page has none of this kind. */
export function element<Kind extends Element>(id: string, kind: abstract new (...args: never[]) => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}`)
  return found
}

export function say(id: string, text: string): void {
  element(id, HTMLElement).textContent = escapeText(text, { length: 2000 })
}

export function show(id: string, isShown = true): void {
  element(id, HTMLElement).hidden = !isShown
}

/** `7.0 MB`, `12 KB`. */
export function size(bytes: number): string {
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`
}
