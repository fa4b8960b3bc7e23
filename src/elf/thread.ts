/**
 * What the kernel wrote about the threads and the process: NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO (linux/elfcore.h,
 * siginfo(2)). A descriptor whose size is not the one that the kernel writes is refused.
 */
import { type Architecture, architectureRow } from './architecture.ts'
import { type Fields, fixedText, wordSize } from './fields.ts'

export interface Thread {
  /** Kernel thread id (LWP). */
  readonly lwp: number
  /** Signal that the thread was handling, 0 for none. */
  readonly signal: number
  readonly pc: bigint
  readonly sp: bigint
}

export interface Process {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** comm: at most 15 bytes. */
  readonly name: string
  /** First 80 bytes of the command line, spaces between the arguments. */
  readonly arguments: string
}

export interface SignalInfo {
  readonly signal: number
  /** si_code: above 0 from the kernel, otherwise sent by a process (SI_USER 0, SI_TKILL -6). */
  readonly code: number
  readonly errno: number
  /** Faulting address, where the kernel gave one. */
  readonly address: bigint | undefined
  readonly senderPid: number | undefined
  readonly senderUid: number | undefined
}

/** Signals whose si_addr is set when the kernel sends them: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
const WITH_ADDRESS = new Set([4, 5, 7, 8, 11, 31])
const SIGCHLD = 17
const SI_KERNEL = 0x80
const SENT_BY_PROCESS = new Set([0, -1, -3, -6])

/** NT_PRSTATUS. Undefined for a size that the architecture's kernel does not write. */
export function parseThread(status: Fields, architecture: Architecture): Thread | undefined {
  const { size, pc, sp } = architectureRow(architecture).status
  if (status.length < size) return undefined
  const lwp = status.i32(status.encoding.class === 64 ? 32 : 24)
  return { lwp, signal: status.u16(12), pc: status.word(pc), sp: status.word(sp) }
}

/** NT_PRPSINFO: 136 bytes in class 64; in class 32 124 with ids of 16 bits (i386, arm), 128 with ids of 32. */
export function parseProcess(info: Fields): Process | undefined {
  const layout = PROCESS_LAYOUTS.get(`${info.encoding.class}:${info.length}`)
  if (layout === undefined) return undefined
  const id = (offset: number) => layout.shortIds ? info.u16(offset) : info.u32(offset)
  return {
    uid: id(layout.uid),
    gid: id(layout.uid + (layout.shortIds ? 2 : 4)),
    pid: info.i32(layout.pid),
    name: fixedText(info.bytes.subarray(layout.name, layout.name + 16)),
    arguments: fixedText(info.bytes.subarray(layout.name + 16, layout.name + 96)),
  }
}

const PROCESS_LAYOUTS = new Map([
  ['64:136', { uid: 16, pid: 24, name: 40, shortIds: false }],
  ['32:124', { uid: 8, pid: 12, name: 28, shortIds: true }],
  ['32:128', { uid: 8, pid: 16, name: 32, shortIds: false }],
])

/** NT_SIGINFO: siginfo_t, whose union begins at 16 in class 64 and at 12 in class 32. */
export function parseSignalInfo(info: Fields): SignalInfo | undefined {
  const union = info.encoding.class === 64 ? 16 : 12
  if (info.length < union + wordSize(info.encoding)) return undefined
  const [signal, errno, code] = [info.i32(0), info.i32(4), info.i32(8)]
  const fault = code > 0 && code !== SI_KERNEL && WITH_ADDRESS.has(signal)
  const sent = SENT_BY_PROCESS.has(code) || (signal === SIGCHLD && code > 0)
  return {
    signal,
    code,
    errno,
    address: fault ? info.word(union) : undefined,
    senderPid: sent ? info.i32(union) : undefined,
    senderUid: sent ? info.u32(union + 4) : undefined,
  }
}
