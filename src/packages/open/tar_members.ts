/**
 * A tar as a stream, member by member. When a program that writes the tar fails, its own error is thrown in place of
 * the reader's 'the archive ends too early'.
 */
import { type Extract, extract, type Header } from 'tar-stream'
import type { Running } from '../../process/start.ts'
import { FetchError } from '../format/error.ts'
import type { Member } from '../format/member.ts'
import { asFetchError } from '../format/program_failure.ts'

/** Each member with its bytes; throws FetchError 'malformed' for a package that does not open. */
export async function* tarMembers(running: Running): AsyncGenerator<Member> {
  await using program = running
  const tar = extract()
  program.output.on('error', (error) => tar.destroy(error))
  program.output.pipe(tar)
  // A program that fails ends its output too early or not at all: its own error says more.
  program.succeeded().catch((error) => tar.destroy(error))
  try {
    yield* membersOf(tar)
    await program.succeeded()
  } catch (error) {
    throw malformed(error)
  } finally {
    tar.destroy()
  }
}

/** Each member of what is piped into `tar`; throws FetchError 'malformed' for what is no tar. */
export async function* membersOf(tar: Extract): AsyncGenerator<Member> {
  try {
    for await (const entry of tar) {
      const { header } = entry
      yield {
        path: header.name,
        type: memberType(header.type),
        size: header.size ?? 0,
        target: header.linkname ?? undefined,
        body: bodyOf(entry),
      }
    }
  } catch (error) {
    throw malformed(error)
  }
}

/** An archive that ends within a member is noticed by whoever reads that, not by the loop over members. */
function bodyOf(entry: { resume(): unknown }): Member['body'] {
  return {
    resume: () => entry.resume(),
    async *[Symbol.asyncIterator]() {
      try {
        // streamx's type names no element.
        yield* entry as unknown as AsyncIterable<Uint8Array>
      } catch (error) {
        throw malformed(error)
      }
    },
  }
}

function malformed(cause: unknown): FetchError {
  const error = asFetchError(cause)
  if (error instanceof FetchError) return error
  return new FetchError('malformed', 'The package cannot be unpacked', { cause: error })
}

function memberType(type: Header['type']): Member['type'] {
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return 'file'
    case 'link':
    case 'symlink':
    case 'directory':
      return type
    default:
      return 'other'
  }
}
