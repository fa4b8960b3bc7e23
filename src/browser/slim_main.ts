/** The worker that makes a core slim, so that the page does not stand still meanwhile (src/slim). */
import { slimCore } from '../slim/slim.ts'
import { type Kind, KINDS } from '../slim/pages.ts'
import { signalOf } from '../elf/signal.ts'
import { blobSource } from './blob_source.ts'
import type { SlimMessage } from './slim_messages.ts'

declare const self: {
  onmessage: ((event: { data: Blob }) => void) | null
  postMessage(message: SlimMessage): void
}
declare const FileReaderSync: new () => { readAsArrayBuffer(slice: Blob): ArrayBuffer }

const MEANINGS: Record<Kind, string> = {
  modules: 'headers, notes and lists that tell which programs and libraries were loaded',
  libraries: 'data of the C library and the loader: their lists of threads and modules',
  stacks: 'the stack of each thread',
  threads: 'the control block of each thread',
  pointed: 'what registers and stacks point to',
}

self.onmessage = ({ data: file }) => {
  try {
    self.postMessage(made(file))
  } catch (error) {
    self.postMessage({ why: error instanceof Error ? error.message : String(error) })
  }
}

const SIGNALS: Readonly<Record<number, string>> = {
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  31: 'SIGSYS',
}

function ended(signal: number): string {
  return signal === 0 ? 'alive' : `killed by ${SIGNALS[signal] ?? `signal ${signal}`}`
}

function made(file: Blob): SlimMessage {
  const slim = slimCore(blobSource(file, new FileReaderSync()), { keepsArguments: true, maker: 'retrace in a browser' })
  const parts: BlobPart[] = []
  for (const bytes of slim.bytes()) parts.push(new Uint8Array(bytes))
  const { core } = slim
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  const name = program?.slice(program.lastIndexOf('/') + 1) ?? core.process?.name ?? 'A program'
  const threads = `${core.threads.length} thread${core.threads.length === 1 ? '' : 's'}`
  return {
    slim: new Blob(parts),
    kinds: KINDS.flatMap((kind) => {
      const bytes = slim.kinds.get(kind) ?? 0
      return bytes > 0 ? [{ meaning: MEANINGS[kind], bytes }] : []
    }),
    leftOut: slim.leftOut,
    about: `${name} (${core.architecture}), ${threads}, ${ended(signalOf(core))}`,
  }
}
