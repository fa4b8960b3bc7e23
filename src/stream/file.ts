/** Files that may not be there, read in pieces as they are pulled: a reader that takes its time holds no descriptor. */
import { readPlain } from '../files/plain.ts'

/** The bytes of a piece. */
export const CHUNK = 65_536

/** The bytes of a file in pieces of 64 KiB; ends where the file does, and when it has gone. */
export async function* readFileChunks(path: string): AsyncGenerator<Uint8Array> {
  for (let position = 0;;) {
    const piece = readPlain(path, { position, length: CHUNK })
    if (piece === undefined || piece.length === 0) return
    position += piece.length
    yield await Promise.resolve(piece)
  }
}
