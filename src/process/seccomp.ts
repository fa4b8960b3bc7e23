/**
 * The system call filter of the sandbox: a BPF program made by hand, for `bwrap --seccomp FD`. Calls that no debugger
 * of cores needs fail with EPERM. A process that calls by another ABI (x32, or 32-bit calls on a 64-bit kernel) is
 * killed, since numbers mean something else there. Sources: linux/filter.h, linux/seccomp.h, linux/audit.h, seccomp(2).
 */

/** One host architecture: AUDIT_ARCH_*, and whether its call numbers have the x32 bit to refuse. */
interface Abi {
  readonly audit: number
  readonly hasX32: boolean
  /** Call name -> number, for every name of DENIED that the architecture has. */
  readonly numbers: Readonly<Record<DeniedCall, number | undefined>>
}

/** What nobody may call: other processes, the network, mounts, namespaces, kernel interfaces with a history. */
export const DENIED = [
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'socket',
  'socketpair',
  'connect',
  'bind',
  'listen',
  'mount',
  'umount2',
  'pivot_root',
  'chroot',
  'move_mount',
  'open_tree',
  'fsopen',
  'fsmount',
  'unshare',
  'setns',
  'bpf',
  'perf_event_open',
  'userfaultfd',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'keyctl',
  'add_key',
  'request_key',
  'init_module',
  'finit_module',
  'delete_module',
  'kexec_load',
  'reboot',
  'swapon',
  'syslog',
  'acct',
  'quotactl',
  'open_by_handle_at',
] as const

export type DeniedCall = (typeof DENIED)[number]

const X86_64: Abi = {
  audit: 0xc000003e,
  hasX32: true,
  numbers: {
    ptrace: 101,
    process_vm_readv: 310,
    process_vm_writev: 311,
    socket: 41,
    socketpair: 53,
    connect: 42,
    bind: 49,
    listen: 50,
    mount: 165,
    umount2: 166,
    pivot_root: 155,
    chroot: 161,
    move_mount: 429,
    open_tree: 428,
    fsopen: 430,
    fsmount: 432,
    unshare: 272,
    setns: 308,
    bpf: 321,
    perf_event_open: 298,
    userfaultfd: 323,
    io_uring_setup: 425,
    io_uring_enter: 426,
    io_uring_register: 427,
    keyctl: 250,
    add_key: 248,
    request_key: 249,
    init_module: 175,
    finit_module: 313,
    delete_module: 176,
    kexec_load: 246,
    reboot: 169,
    swapon: 167,
    syslog: 103,
    acct: 163,
    quotactl: 179,
    open_by_handle_at: 304,
  },
}

/** The numbers of asm-generic/unistd.h, which arm64 and riscv64 share. */
const GENERIC: Abi['numbers'] = {
  ptrace: 117,
  process_vm_readv: 270,
  process_vm_writev: 271,
  socket: 198,
  socketpair: 199,
  connect: 203,
  bind: 200,
  listen: 201,
  mount: 40,
  umount2: 39,
  pivot_root: 41,
  chroot: 51,
  move_mount: 429,
  open_tree: 428,
  fsopen: 430,
  fsmount: 432,
  unshare: 97,
  setns: 268,
  bpf: 280,
  perf_event_open: 241,
  userfaultfd: 282,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  keyctl: 219,
  add_key: 217,
  request_key: 218,
  init_module: 105,
  finit_module: 273,
  delete_module: 106,
  kexec_load: 104,
  reboot: 142,
  swapon: 224,
  syslog: 116,
  acct: 89,
  quotactl: 60,
  open_by_handle_at: 265,
}

/** By Node's `arch()`. */
const ABIS: Readonly<Record<string, Abi>> = {
  x64: X86_64,
  arm64: { audit: 0xc00000b7, hasX32: false, numbers: GENERIC },
  riscv64: { audit: 0xc00000f3, hasX32: false, numbers: GENERIC },
}

const LOAD_WORD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const RETURN = 0x06
const OFFSET_NUMBER = 0
const OFFSET_AUDIT = 4
const X32_BIT = 0x40000000
const KILL_PROCESS = 0x80000000
const ERRNO_EPERM = 0x00050001
const ALLOW = 0x7fff0000

/**
 * The filter for a host architecture (Node's `arch()`), as the array of `struct sock_filter` that the kernel reads:
 * 8 bytes each, little-endian. Throws RangeError for a host that has no row.
 */
export function seccompFilter(hostArchitecture: string): Uint8Array {
  const abi = abiOf(hostArchitecture)
  const denied = DENIED.map((call) => abi.numbers[call]).filter((number) => number !== undefined)
  const program: [code: number, ifTrue: number, ifFalse: number, operand: number][] = [
    [LOAD_WORD, 0, 0, OFFSET_AUDIT],
    [JUMP_EQUAL, 1, 0, abi.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, OFFSET_NUMBER],
  ]
  if (abi.hasX32) {
    program.push([JUMP_AT_LEAST, 0, 1, X32_BIT], [RETURN, 0, 0, KILL_PROCESS])
  }
  for (const [index, number] of denied.entries()) program.push([JUMP_EQUAL, denied.length - index, 0, number])
  program.push([RETURN, 0, 0, ALLOW], [RETURN, 0, 0, ERRNO_EPERM])
  return encode(program)
}

/** The numbers of the refused calls on a host architecture. Throws as above. */
export function deniedNumbers(hostArchitecture: string): Abi['numbers'] {
  return abiOf(hostArchitecture).numbers
}

function abiOf(hostArchitecture: string): Abi {
  const abi = ABIS[hostArchitecture]
  if (abi !== undefined) return abi
  throw new RangeError(`Expected a host of ${Object.keys(ABIS).join(', ')}; add a row for ${hostArchitecture}`)
}

function encode(program: readonly [number, number, number, number][]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    view.setUint16(index * 8, code, true)
    view.setUint8(index * 8 + 2, ifTrue)
    view.setUint8(index * 8 + 3, ifFalse)
    view.setUint32(index * 8 + 4, operand, true)
  }
  return bytes
}
