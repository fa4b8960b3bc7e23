/** A long answer through the person's pager, where they have a terminal; else, and where there is no such program, as it is. */
import { stdout } from 'node:process'
import { Readable } from 'node:stream'
import { startForSender } from '../process/sender.ts'

const USUAL = 'less'

/** The words of a pager as PAGER has them; what it asks of less(1) by itself: colours, and no stop for what fits. Pure. */
export function pagerWords(pager: string | undefined): [string, ...string[]] {
  const [program = USUAL, ...more] = (pager ?? '').split(/\s+/).filter((word) => word !== '')
  const isUsual = program.slice(program.lastIndexOf('/') + 1) === USUAL
  return [program, ...(isUsual && more.length === 0 ? ['-FRX'] : []), ...more]
}

/** Shows all of it; resolves when the person has seen enough. */
export async function page(text: string, pager: string | undefined): Promise<void> {
  const words = pagerWords(pager)
  await using running = startForSender('PAGER', words, {
    input: Readable.from([text]),
    output: stdout.fd,
    environment: 'inherited',
    sharesTerminal: true,
  })
  const { failure } = await running.ended
  if (failure?.kind === 'not-started') stdout.write(text)
}
