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
const LZ4 = packed('packed by lz4', "make the core with 'coredumpctl dump' and send that")
const MACOS = 'read it with lldb on macOS'
const ELSEWHERE = 'read it with a debugger on that system'
const IMAGES = 'read it with a tool for images of memory'

/** `at` 0 where it is not said. */
const FIRST_BYTES: readonly { bytes: string; at?: number; kind: OtherKind }[] = [
  { bytes: '\x1f\x8b', kind: packed('packed by gzip', UNPACK) },
  { bytes: '\xfd7zXZ', kind: packed('packed by xz', UNPACK) },
  { bytes: '\x28\xb5\x2f\xfd', kind: packed('packed by zstd', UNPACK) },
  { bytes: '\x04\x22\x4d\x18', kind: LZ4 },
  { bytes: '\x02\x21\x4c\x18', kind: LZ4 },
  { bytes: '\x5d\0\0', kind: packed('packed by lzma', UNPACK) },
  { bytes: 'BZh', kind: packed('packed by bzip2', UNPACK) },
  { bytes: 'PK\x03\x04', kind: packed('a zip archive', UNPACK) },
  { bytes: '7z\xbc\xaf\x27\x1c', kind: packed('a 7z archive', UNPACK) },
  { bytes: 'Rar!\x1a\x07', kind: packed('a rar archive', UNPACK) },
  { bytes: 'LZIP', kind: packed('packed by lzip', UNPACK) },
  { bytes: '\x89LZO\0', kind: packed('packed by lzop', UNPACK) },
  { bytes: 'LRZI', kind: packed('packed by lrzip', UNPACK) },
  { bytes: '\xff\x06\0\0sNaPpY', kind: packed('packed by snappy', UNPACK) },
  { bytes: '\x1f\x9d', kind: packed('packed by compress', UNPACK) },
  { bytes: '\x1f\xa0', kind: packed('packed by compress -H', UNPACK) },
  { bytes: '\x1f\x1e', kind: packed('packed by pack', UNPACK) },
  ...['\x01', '\x5e', '\x9c', '\xda'].map((level) => ({
    bytes: `\x78${level}`,
    kind: packed('packed by zlib', UNPACK),
  })),
  ...['PK\x05\x06', 'PK\x07\x08'].map((bytes) => ({ bytes, kind: packed('a zip archive', UNPACK) })),
  ...['070701', '070702', '070707', '\xc7\x71', '\x71\xc7'].map((bytes) => ({
    bytes,
    kind: packed('a cpio archive', UNPACK),
  })),
  { bytes: '!<arch>\n', kind: packed('an ar archive, or a package of Debian', UNPACK) },
  { bytes: '\xed\xab\xee\xdb', kind: packed('an RPM package', UNPACK) },
  { bytes: 'MSCF', kind: packed('a cabinet of Windows', UNPACK) },
  { bytes: 'xar!', kind: packed('a xar archive', UNPACK) },
  { bytes: 'hsqs', kind: packed('a squashfs image', UNPACK) },
  {
    bytes: 'LPKSHHRH',
    kind: packed('a journal of systemd', "take the core out of it with 'coredumpctl --file=FILE dump', and send that"),
  },
  ...['-----BEGIN PGP MESSAGE', 'age-encryption.org/', 'Salted__'].map((bytes) => ({
    bytes,
    kind: packed('encrypted', 'decrypt it, then send the core plain, or packed by xz, gzip or zstd alone'),
  })),
  { bytes: 'ustar', at: 257, kind: packed('a tar archive', UNPACK) },
  {
    bytes: 'ProblemType:',
    kind: packed("apport's report", "take CoreDump out of it with 'apport-unpack', and send that"),
  },
  { bytes: 'KDUMP   ', kind: foreign("a kernel's memory (kdump-compressed)", CRASH) },
  { bytes: 'DISKDUMP', kind: foreign("a kernel's memory (diskdump)", CRASH) },
  { bytes: 'makedumpfile', kind: foreign("a kernel's memory (makedumpfile's flattened form)", CRASH) },
  { bytes: '\xed\x23\x8f\x61\x73\x01\x19\xa8', kind: foreign("a kernel's memory (LKCD)", CRASH) },
  { bytes: '\xa8\x19\x01\x73\x61\x8f\x23', kind: foreign("a kernel's memory (LKCD, or of s390)", CRASH) },
  { bytes: 'FreeBSD Kernel Dump', kind: foreign('the memory of a FreeBSD kernel', ELSEWHERE) },
  { bytes: 'minidump FreeBSD', kind: foreign('the memory of a FreeBSD kernel', ELSEWHERE) },
  { bytes: 'EMiL', kind: foreign("a machine's memory (LiME)", IMAGES) },
  { bytes: 'AVML', kind: foreign("a machine's memory (AVML)", IMAGES) },
  ...['\xd0', '\xd1', '\xd2', '\xd3'].map((first) => ({
    bytes: `${first}\xbe\xd2\xbe`,
    kind: foreign("a virtual machine's memory (VMware)", IMAGES),
  })),
  { bytes: 'QEVM', kind: foreign("a virtual machine's memory (QEMU)", CRASH) },
  { bytes: 'LibvirtQemudSave', kind: foreign("a virtual machine's memory (libvirt)", CRASH) },
  ...['LinuxGuestRecord', 'Xen saved domain', '\xff\xff\xff\xff\xff\xff\xff\xffXENF'].map((bytes) => ({
    bytes,
    kind: foreign("a virtual machine's memory (Xen)", CRASH),
  })),
  { bytes: 'QFI\xfb', kind: foreign("a virtual machine's disk (qcow)", IMAGES) },
  ...['hibr', 'HIBR', 'wake', 'WAKE'].map((bytes) => ({ bytes, kind: foreign('a hibernated Windows', IMAGES) })),
  // c_version of struct core_dumpx (sys/core.h), of 32 and 64 bits.
  { bytes: '\x0f\xee\xdd\xb1', at: 4, kind: foreign('a core of AIX', ELSEWHERE) },
  { bytes: '\x0f\xee\xdd\xb2', at: 4, kind: foreign('a core of AIX', ELSEWHERE) },
  { bytes: '\0asm', kind: foreign('WebAssembly', 'read it with a debugger for WebAssembly') },
  { bytes: 'MZ', kind: foreign('a program of Windows or DOS', 'read it with WinDbg') },
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
  { bytes: '\xca\xfe\xba\xbe', kind: foreign('a Mach-O file of several machines, or a class of Java', MACOS) },
  ...['Incident Identifier:', '{"app_name":', 'Process:             '].map((bytes) => ({
    bytes,
    kind: foreign('a crash report of macOS or iOS', MACOS),
  })),
  { bytes: '*** *** *** ***', kind: foreign('a tombstone of Android', 'read it with ndk-stack') },
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
  1: foreign('a core of HP-UX', ELSEWHERE),
  2: foreign('a core of NetBSD', ELSEWHERE),
  4: foreign('a core of the Hurd', ELSEWHERE),
  6: foreign('a core of Solaris', ELSEWHERE),
  7: foreign('a core of AIX', ELSEWHERE),
  8: foreign('a core of IRIX', ELSEWHERE),
  9: foreign('a core of FreeBSD', ELSEWHERE),
  10: foreign('a core of Tru64', ELSEWHERE),
  12: foreign('a core of OpenBSD', ELSEWHERE),
  13: foreign('a core of OpenVMS', ELSEWHERE),
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
  { owner: /^DragonFly/, kind: foreign('a core of DragonFly BSD', ELSEWHERE) },
  { owner: /^QNX$/, kind: foreign('a core of QNX', ELSEWHERE) },
  { owner: /^Haiku$/, kind: foreign('a core of Haiku', ELSEWHERE) },
  { owner: /^(win32thread|CYGWIN)/, kind: foreign('a core of Cygwin', ELSEWHERE) },
  { owner: /^VB(CORE|CPU)$/, kind: foreign("a virtual machine's memory (VirtualBox)", CRASH) },
  { owner: /^VMCORE(INFO|DD)/, kind: foreign("a kernel's memory (vmcore)", CRASH) },
  { owner: /^QEMU$/, kind: foreign("a virtual machine's memory (QEMU)", CRASH) },
  { owner: /^(Xen|XEN)/, kind: foreign("a virtual machine's memory (Xen)", CRASH) },
]

/** NT_PSTATUS, NT_PSINFO, NT_PRCRED, NT_UTSNAME, NT_LWPSTATUS and NT_LWPSINFO of System V (core(4)): no Linux writes them. */
const SYSTEM_V = new Set([10, 13, 14, 15, 16, 17])

export function otherNote({ owner, type }: { readonly owner: string; readonly type: number }): OtherKind | undefined {
  if (owner === 'CORE') {
    return SYSTEM_V.has(type) ? foreign('a core of Solaris, illumos or the Hurd', ELSEWHERE) : undefined
  }
  return OWNERS.find((each) => each.owner.test(owner))?.kind
}
