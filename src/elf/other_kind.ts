/**
 * What people send in place of a core of a Linux process, by its first bytes or its notes: named as what it is, with
 * what to do about it. Pure. Refuses to look inside: a name and a hint are all that is said.
 */

export interface OtherKind {
  /** `packed`: a core may be inside. `foreign`: what crashed was no process of Linux, or no core tells of it. */
  readonly code: 'packed' | 'foreign'
  /** As the end of a sentence that begins with `it is`. */
  readonly what: string
  readonly advice: string
}

const packed = (what: string, advice: string): OtherKind => ({ code: 'packed', what, advice })
const foreign = (what: string, advice: string): OtherKind => ({ code: 'foreign', what, advice })

const UNPACK = 'unpack it, then send the core plain, or packed by xz, gzip or zstd alone'
const CRASH = 'read it with crash(8) and the debuginfo of that kernel'
const MACOS = 'read it with lldb on macOS'
const ELSEWHERE = 'read it with a debugger on that system'

/** `at` 0 where it is not said. */
const FIRST_BYTES: readonly { bytes: string; at?: number; kind: OtherKind }[] = [
  { bytes: '\x1f\x8b', kind: packed('packed by gzip', UNPACK) },
  { bytes: '\xfd7zXZ', kind: packed('packed by xz', UNPACK) },
  { bytes: '\x28\xb5\x2f\xfd', kind: packed('packed by zstd', UNPACK) },
  { bytes: '\x04\x22\x4d\x18', kind: packed('packed by lz4', "make the core with 'coredumpctl dump' and send that") },
  { bytes: 'BZh', kind: packed('packed by bzip2', UNPACK) },
  { bytes: 'PK\x03\x04', kind: packed('a zip archive', UNPACK) },
  { bytes: '7z\xbc\xaf\x27\x1c', kind: packed('a 7z archive', UNPACK) },
  { bytes: 'Rar!\x1a\x07', kind: packed('a rar archive', UNPACK) },
  { bytes: 'LZIP', kind: packed('packed by lzip', UNPACK) },
  { bytes: '\x89LZO\0', kind: packed('packed by lzop', UNPACK) },
  { bytes: '\x1f\x9d', kind: packed('packed by compress', UNPACK) },
  { bytes: 'ustar', at: 257, kind: packed('a tar archive', UNPACK) },
  {
    bytes: 'ProblemType:',
    kind: packed("apport's report", "take CoreDump out of it with 'apport-unpack', and send that"),
  },
  { bytes: 'KDUMP   ', kind: foreign("a kernel's memory (kdump-compressed)", CRASH) },
  { bytes: 'DISKDUMP', kind: foreign("a kernel's memory (diskdump)", CRASH) },
  { bytes: 'makedumpfile', kind: foreign("a kernel's memory (makedumpfile's flattened form)", CRASH) },
  { bytes: 'EMiL', kind: foreign("a machine's memory (LiME)", 'read it with a tool for images of memory') },
  {
    bytes: 'MDMP',
    kind: foreign(
      'a minidump',
      "make a core of it with Breakpad's 'minidump-2-core', or read it with 'minidump_stackwalk'",
    ),
  },
  { bytes: 'PAGEDU', kind: foreign('the memory of a Windows kernel', 'read it with WinDbg') },
  { bytes: '\xfe\xed\xfa\xce', kind: foreign('a Mach-O file', MACOS) },
  { bytes: '\xfe\xed\xfa\xcf', kind: foreign('a Mach-O file', MACOS) },
  { bytes: '\xce\xfa\xed\xfe', kind: foreign('a Mach-O file', MACOS) },
  { bytes: '\xcf\xfa\xed\xfe', kind: foreign('a Mach-O file', MACOS) },
  {
    bytes: 'JAVA PROFILE',
    kind: foreign('the heap of a Java program', 'read it with a tool for heap dumps, and send the core of the process'),
  },
]

/** What a file is that does not begin as ELF files do; undefined: nothing that is known here. */
export function otherKind(head: Uint8Array): OtherKind | undefined {
  return FIRST_BYTES.find(({ bytes, at = 0 }) =>
    head.length >= at + bytes.length && [...bytes].every((each, index) => head[at + index] === each.charCodeAt(0))
  )?.kind
}

/** e_ident[EI_OSABI] (gABI, chapter 4): 0 and 3 are what Linux has. */
const SYSTEMS: Readonly<Record<number, OtherKind>> = {
  2: foreign('a core of NetBSD', ELSEWHERE),
  6: foreign('a core of Solaris', ELSEWHERE),
  9: foreign('a core of FreeBSD', ELSEWHERE),
  12: foreign('a core of OpenBSD', ELSEWHERE),
}

/** The system that an ELF core says it is of; undefined for Linux, and where nobody knows. */
export function otherSystem(osAbi: number | undefined): OtherKind | undefined {
  return osAbi === undefined ? undefined : SYSTEMS[osAbi]
}

/** By the owner of a note: what no process of Linux has. */
const OWNERS: readonly { owner: RegExp; kind: OtherKind }[] = [
  { owner: /^FreeBSD$/, kind: foreign('a core of FreeBSD', ELSEWHERE) },
  { owner: /^NetBSD-CORE/, kind: foreign('a core of NetBSD', ELSEWHERE) },
  { owner: /^OpenBSD/, kind: foreign('a core of OpenBSD', ELSEWHERE) },
  { owner: /^VMCORE(INFO|DD)/, kind: foreign("a kernel's memory (vmcore)", CRASH) },
  { owner: /^QEMU$/, kind: foreign("a virtual machine's memory (QEMU)", CRASH) },
  { owner: /^Xen$/, kind: foreign("a virtual machine's memory (Xen)", CRASH) },
]

export function otherOwner(owner: string): OtherKind | undefined {
  return OWNERS.find((each) => each.owner.test(owner))?.kind
}
