/** The question: nothing leaves the machine before it is answered. */
import { createInterface } from 'node:readline'
import { stderr, stdin, stdout } from 'node:process'
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

/**
 * What somebody at the terminal says, who may type several answers at once, and is shown `what` as often as they like.
 * The end of the input, like Ctrl-C, is a no. Throws ClientFailure where nobody can be asked.
 */
export async function askPerson(
  what: () => string,
  { offersFull, signal }: { offersFull: boolean; signal: AbortSignal },
): Promise<Exclude<Consent, 'show'>> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new ClientFailure('There is no terminal to ask on, so nothing was sent; --yes sends without asking', {
      exit: EXIT.declined,
    })
  }
  const terminal = createInterface({ input: stdin, output: stderr, signal })
  const options = ['[y]es', ...(offersFull ? ['[f]ull core'] : []), '[s]how what', '[N]o'].join(', ')
  terminal.setPrompt(`Send it? ${options} `)
  try {
    terminal.prompt()
    for await (const line of terminal) {
      const consent = consentOf(line, { offersFull })
      if (consent !== 'show') return consent
      stdout.write(what())
      terminal.prompt()
    }
    signal.throwIfAborted()
    return 'no'
  } finally {
    terminal.close()
  }
}
