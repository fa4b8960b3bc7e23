/**
 * A page of HTML in the place of a file: what networks that ask to log in send, and hosts that have moved. The first
 * bytes tell: no signed text, key or index begins so.
 */
import { FetchError } from '../format/error.ts'

/** Throws FetchError 'malformed', naming what should have been there. */
export function assertNoHtml(bytes: Uint8Array, what: string): void {
  const head = new TextDecoder().decode(bytes.subarray(0, 4096)).trimStart()
  if (!/^(<\?xml[^>]*\?>\s*)?(<!--[\s\S]*?-->\s*)*<(!doctype\s+html|html|head|body)\b/i.test(head)) return
  const title = /<title[^>]*>\s*([^<]{1,80})/i.exec(head)?.[1]?.trim()
  throw new FetchError(
    'malformed',
    `${what} is a page of HTML${
      title === undefined ? '' : ` ('${title}')`
    }: does the network ask to log in, or has it ` +
      'moved to another address?',
  )
}
