/** Collects the output of a program in memory, up to a bound: a program that writes more is ended. */
import type { Readable } from 'node:stream'
import { Bytes } from './bytes.ts'
import { ProgramError } from './error.ts'
import type { Running } from './start.ts'
import { count } from '../text/count.ts'

/** All of a pipe of `running`, at most `maxBytes`: one byte more ends the program as 'too-much'. */
export function gathered(running: Running, pipe: Readable, maxBytes: number): Promise<Uint8Array> {
  const bytes = new Bytes()
  let size = 0
  pipe.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size <= maxBytes) bytes.add(chunk)
    else running.stop(new ProgramError('too-much', `${running.title} wrote more than ${count(maxBytes, 'byte')}`))
  })
  return running.ended.then(() => bytes.take())
}
