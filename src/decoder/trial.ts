/**
 * Whether a decoder works here: it unpacks what this program knows. Asked when an upload was refused over what one said, since
 * a program that is broken says the same as one that was given nonsense.
 */
import { ProgramError } from '../process/error.ts'
import { decode } from './decode.ts'
import { decoderSandbox } from './decoder.ts'

const TIMEOUT_MS = 10_000

/** `retrace` and a line feed, as xz 5.4 and zstd 1.5 pack it. */
const KNOWN = {
  xz: '/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAHcmV0cmFjZQoAXUUscAABHAhEYCrIkEKZDQEAAAAAAVla',
  zstd: 'KLUv/QRYQQAAcmV0cmFjZQr765kH',
}

/** Throws ProgramError 'not-started' when the program in `path` does not do what it is for. */
export async function tryDecoder(decoder: keyof typeof KNOWN, path: string): Promise<void> {
  let said = ''
  try {
    const sandbox = decoderSandbox(decoder, path)
    for await (const chunk of decode(once(Buffer.from(KNOWN[decoder], 'base64')), sandbox, { timeoutMs: TIMEOUT_MS })) {
      said += new TextDecoder('latin1').decode(chunk)
      if (said.length > KNOWN[decoder].length) break
    }
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause
    throw new ProgramError('not-started', `${decoder} does not work: ${cause.message}`, { cause })
  }
  if (said !== 'retrace\n') {
    throw new ProgramError('not-started', `${decoder} does not work: it does not unpack what it should`)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
