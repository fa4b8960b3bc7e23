/** The question: nothing leaves the machine before it is answered. */
import { createInterface } from 'node:readline/promises'
import { stderr, stdin } from 'node:process'
import { ClientFailure, EXIT } from './failure.ts'

export type Consent = 'slim' | 'full' | 'show' | 'no'

/** What a typed answer means; anything but a clear yes is a no. Pure. */
export function consentOf(typed: string, { offersFull }: { offersFull: boolean }): Consent {
  const word = typed.trim().toLowerCase()
  if (word === 'y' || word === 'yes') return 'slim'
  if (offersFull && (word === 'f' || word === 'full')) return 'full'
  if (word === 's' || word === 'show') return 'show'
  return 'no'
}

/** Throws ClientFailure where nobody can be asked. */
export async function askConsent(
  { offersFull, signal }: { offersFull: boolean; signal: AbortSignal },
): Promise<Consent> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new ClientFailure('There is no terminal to ask on, so nothing was sent; --yes sends without asking', {
      exit: EXIT.declined,
    })
  }
  const question = createInterface({ input: stdin, output: stderr })
  try {
    const options = ['[y]es', ...(offersFull ? ['[f]ull core'] : []), '[s]how what', '[N]o'].join(', ')
    // At the end of the input nobody answers any more.
    const closed = new Promise<string>((resolve) => question.once('close', () => resolve('')))
    return consentOf(await Promise.race([question.question(`Send it? ${options} `, { signal }), closed]), {
      offersFull,
    })
  } finally {
    question.close()
  }
}
