/**
 * Names of Rust without the hashes that differ from build to build, as people write them: gdb 13 and 16 leave `::h` and 16
 * digits at the end of one that is mangled the older way, and `[` digits `]` behind each crate of one of the newer (RFC 2603). Pure.
 */

const AT_END = /::h[0-9a-f]{16}$/
const BEHIND_CRATE = /(?<=\w)\[[0-9a-f]{9,16}\](?=::)/g
/** In a frame's line of gdb, before its arguments. */
const IN_LINE = /^(#\d+ +(?:0x[0-9a-f]+ in )?[^"=\n]*?)::h[0-9a-f]{16}(?= \()/gm
const CRATE_IN_LINE = /^#\d+ +(?:0x[0-9a-f]+ in )?[^"=\n]*?\w\[[0-9a-f]{9,16}\]::[^"=\n]*/gm

/** Of a function. */
export function withoutHashes(name: string): string {
  return name.replace(AT_END, '').replace(BEHIND_CRATE, '')
}

/** Of all frames of a backtrace; what stands in arguments and locals stays. */
export function textWithoutHashes(text: string): string {
  const short = text.includes('::h') ? text.replace(IN_LINE, '$1') : text
  return short.includes(']::') ? short.replace(CRATE_IN_LINE, (line) => line.replace(BEHIND_CRATE, '')) : short
}
