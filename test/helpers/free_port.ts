/** A port of 127.0.0.1 on which nobody listens just now. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below those that Linux gives to who asks for any (net.ipv4.ip_local_port_range): between this look and its use a listener or a connection
 * of another test could get one of those.
 */
const [FIRST, END] = [16_384, 32_768]

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END)
    const probe = createServer()
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening')
    } catch {
      continue // somebody has it
    }
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}
