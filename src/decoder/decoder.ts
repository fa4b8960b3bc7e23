/**
 * The programs that decompress, each behind the wall with nothing but its standard input and output, under limits of
 * memory and processor time (docs/architecture.md, rule 4): for uploads and for indices alike, since neither need be
 * signed.
 */
import { findProgram } from '../process/search_path.ts'
import { systemSandbox } from '../process/system.ts'
import type { Sandbox } from '../process/wall.ts'
import { MIB } from '../units/bytes.ts'

/** `xz -9` needs 65 MiB to decompress and `zstd --ultra -22` 128 MiB for its window; nobody sensible uses more. */
export const DECODER_MEMORY = 192 * MIB

const LIMITS = {
  /** The outer fence: programs, libraries and stacks included. */
  addressSpace: 768 * MIB,
  /** 1 TiB of zeros would fit; what is decompressed is counted, and ends long before. */
  cpuS: 900,
  fileBytes: 0,
  openFiles: 64,
  processes: 1,
}

const XZ = ['--decompress', '--stdout', '--threads=1', `--memlimit-decompress=${DECODER_MEMORY}`]

const ARGUMENTS = {
  xz: [...XZ, '--format=xz'],
  lzma: [...XZ, '--format=lzma'],
  zstd: ['--decompress', '--stdout', '--no-progress', '--no-asyncio', `--memory=${DECODER_MEMORY / MIB}MB`],
  // Its blocks have 900 kB at most, so its memory has no limit to be set.
  bzip2: ['--decompress', '--stdout'],
  // Of 8 MiB at most, and apt's of 4.
  lz4: ['--decompress', '--stdout'],
}

export type DecoderName = keyof typeof ARGUMENTS

/** `path`: of another program than this system's. Throws ProgramError 'not-started' where there is none. */
export function decoderSandbox(decoder: DecoderName, path = findProgram(programOf(decoder))): Sandbox {
  return systemSandbox(programOf(decoder), { name: 'decoder', args: ARGUMENTS[decoder], limits: LIMITS, path })
}

function programOf(decoder: DecoderName): Exclude<DecoderName, 'lzma'> {
  return decoder === 'lzma' ? 'xz' : decoder
}
