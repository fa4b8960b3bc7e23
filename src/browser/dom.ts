/** Elements of our own pages, by their ids; what a page lacks is a mistake of ours. */

/** Throws where the page has none of this kind. */
export function element<Kind extends Element>(id: string, kind: abstract new (...args: never[]) => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}`)
  return found
}

export function say(id: string, text: string): void {
  element(id, HTMLElement).textContent = text
}

export function show(id: string, isShown = true): void {
  element(id, HTMLElement).hidden = !isShown
}

/** `7.0 MB`, `12 KB`. */
export function size(bytes: number): string {
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`
}
