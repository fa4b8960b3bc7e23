/**
 * Every program that is started, on which side of the wall, and whose bytes it reads there. This is
 * docs/architecture.md, rule 4: no stranger's bytes are parsed by C code outside the wall; outside.ts and inside.ts
 * start what stands here and nothing else. Two named exceptions run in our own processes: Node's HTTP and TLS, and zlib
 * (gzip uploads and indices; lzma-native, for uploads, where there is no xz).
 */

/** The sandboxes, by what happens in them. A test runs one list of attempts to get out in each. */
export const SANDBOXES = {
  'decoder': 'one stream in, one stream out; sees the system libraries and nothing else',
  'index-signature': 'sees a text, its signature, and the keys that may have made it',
  'package-signature': 'sees a package and keys, and writes a database of keys that is thrown away',
  'deb-members': 'sees a package, and writes its files as one archive to standard output',
  'rpm-members': 'as deb-members',
  'debug-sections': 'sees the folder of one unpacked package, or of a copy of one file, and rewrites debuginfo in it',
  'debugger': 'sees the core, the kept files of its modules, and the debugger',
  'debug-index': 'sees debuginfo of one or two packages, and writes an index of it into a folder that is made for that',
  'trial': 'sees the system libraries and nothing else; whether sandboxes can be made here',
} as const

export type SandboxName = keyof typeof SANDBOXES

interface InsideRow {
  readonly sandbox: readonly SandboxName[]
  readonly reads: string
}

/** Programs that run behind the wall. */
export const INSIDE = {
  'xz': { sandbox: ['decoder'], reads: 'uploads, and indices of repositories, which need not be signed' },
  'zstd': { sandbox: ['decoder'], reads: 'as xz' },
  'bzip2': { sandbox: ['decoder'], reads: 'indices of repositories, which need not be signed' },
  'lz4': { sandbox: ['decoder'], reads: 'as bzip2' },
  'gpgv': { sandbox: ['index-signature'], reads: 'indices and signatures before they are believed, and public keys' },
  'rpmkeys': { sandbox: ['package-signature'], reads: 'packages before they are believed, and public keys' },
  'dpkg-deb': { sandbox: ['deb-members'], reads: 'packages that a verified index names by their SHA256' },
  'rpm2archive': { sandbox: ['rpm-members'], reads: 'packages whose signature was verified, unless gpgcheck=0' },
  'eu-elfcompress': { sandbox: ['debug-sections'], reads: 'debuginfo of such packages' },
  'gdb-multiarch': { sandbox: ['debugger', 'debug-index'], reads: 'the core of an upload, and files of packages' },
  'gdb': { sandbox: ['debugger', 'debug-index'], reads: 'as gdb-multiarch' },
  'qemu-user': { sandbox: ['debugger'], reads: 'the program gdb of another architecture' },
  'cat': { sandbox: ['trial'], reads: 'a word of ours' },
} as const satisfies Record<string, InsideRow>

export type InsideProgram = keyof typeof INSIDE

const VERSION = 'nothing: it is asked for its version'

/** Programs that run outside, each with the bytes that it reads there. */
export const OUTSIDE = {
  'abrt-retrace-worker':
    'what an upload unpacked to: manifest files and headers of the core, by our own code (src/elf)',
  'node': 'nothing: it gives back the listening socket that it is given',
  'systemd-notify': 'nothing: it sends words of ours to the supervisor',
  'unshare': 'nothing: it makes the user namespace of sandboxes, in which tee writes a number of ours',
  'openssl': 'nothing: it makes a key, and a certificate of words of ours',
  'flock': 'nothing: it locks the open file that it is given',
  'setpriv': VERSION,
  'prlimit': VERSION,
  'gdb-multiarch': VERSION,
  'qemu-s390x-static': VERSION,
  'xz': VERSION,
  'zstd': VERSION,
  'gpgv': VERSION,
  'gdb': VERSION,
  'dpkg-deb': VERSION,
  'rpmkeys': VERSION,
  'lz4': VERSION,
  'eu-elfcompress': VERSION,
} as const

export type OutsideProgram = keyof typeof OUTSIDE

/** Programs that `retrace` starts for the person who sends a core, on that person's machine; no server starts them. */
export const SENDER = {
  'coredumpctl': "the machine's journal, and the cores that it keeps",
  'dpkg-query': "the machine's list of packages",
  'rpmquery': "the machine's list of packages",
  'xz': 'the core that is sent, to pack it, or to unpack it where it was kept',
  'zstd': 'as xz',
  'lz4': 'a core that was kept so',
  'PAGER': 'the answer: what PAGER names, else less',
  'abrt-reposync': "the person's own repositories, for --local",
  'abrt-retrace-worker': 'the core, for --local',
} as const

export type SenderProgram = keyof typeof SENDER
