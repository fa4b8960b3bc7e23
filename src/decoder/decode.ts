/**
 * A stream decompressed by a program behind the wall: fed as the input arrives, read as the caller asks, ended when
 * either stops. Holds no more in memory than pipes do.
 */
import { ProgramError } from '../process/error.ts'
import { startInside } from '../process/inside.ts'
import type { StartOptions } from '../process/start.ts'
import type { Sandbox } from '../process/wall.ts'
import { chunksOf } from '../stream/chunks.ts'
import { Feed } from './feed.ts'

/** A program that has input, is not kept from writing, and does neither read nor write for this long is killed. */
const STALL_MS = 30_000

/**
 * Decompresses `input` by the program of a decoder's sandbox. Throws what `input` throws, and ProgramError: 'failed'
 * when the program refuses what it is given, 'not-started' when it cannot run here, 'killed' and 'timeout'.
 */
export async function* decode(
  input: AsyncIterable<Uint8Array>,
  sandbox: Sandbox,
  limits: Pick<StartOptions, 'signal' | 'timeoutMs'> = {},
): AsyncGenerator<Uint8Array> {
  const [decoder] = sandbox.runs
  const running = await startInside(sandbox, { input: 'open', ...limits })
  const feed = new Feed(input, running.input, () => running.stop())
  let isWaiting = false
  let progress = Date.now()
  const watch = setInterval(() => {
    const since = Math.max(progress, feed.progress)
    if (!isWaiting || feed.isWaitingForInput || Date.now() - since <= STALL_MS) return
    running.stop(new ProgramError('timeout', `${decoder} did nothing for ${STALL_MS / 1000} s`))
  }, STALL_MS / 4)
  const broken = (cause: unknown) => new ProgramError('failed', `${decoder} broke off`, { cause })
  const output = chunksOf(running.output, { onBroken: broken })
  try {
    for (;;) {
      isWaiting = true
      const { done, value } = await output.next()
      isWaiting = false
      progress = Date.now()
      if (done) break
      yield value
    }
    await running.succeeded()
  } catch (error) {
    if (error instanceof ProgramError) running.stop(error)
    // An output that breaks off is seen first and is often not the reason, which is the input or a program that never ran.
    const { failure } = await running.ended
    throw feed.failure ?? failure ?? error
  } finally {
    clearInterval(watch)
    running.stop()
    // It may still wait for input that never comes: whoever owns the input ends that.
    feed.stop()
    running.output.destroy()
  }
}
