/**
 * The system call filter of every sandbox: a BPF program made by hand, for `bwrap --seccomp FD`. What is listed works
 * (system_calls.ts), what is refused by name fails with EPERM, all else with ENOSYS, as if the kernel were older: so do all
 * calls by another ABI (x32, 32-bit calls on a 64-bit kernel), where numbers mean something else. Nothing is killed for
 * what it tries. Sources: linux/filter.h, linux/seccomp.h, linux/audit.h, linux/sched.h, asm-generic/ioctls.h,
 * linux/fcntl.h, seccomp(2).
 */
import { ALLOWED, type Groups, LINKING, LOOKED_INTO, type Numbers, REFUSED } from './system_calls.ts'

/** One host architecture: AUDIT_ARCH_*, which of the numbers are its own, and whether they have the x32 bit. */
interface Abi {
  readonly audit: number
  readonly column: 0 | 1
  readonly hasX32: boolean
}

/** By Node's `arch()`. */
const ABIS: Readonly<Record<string, Abi>> = {
  x64: { audit: 0xc000003e, column: 0, hasX32: true },
  arm64: { audit: 0xc00000b7, column: 1, hasX32: false },
  riscv64: { audit: 0xc00000f3, column: 1, hasX32: false },
}

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000

/** TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what programs ask of a pipe. */
const CONTROLS = [0x5401, 0x540f, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451]

/** Makes a pipe larger, in memory that counts as nobody's (linux/fcntl.h). */
const F_SETPIPE_SZ = 1031

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

const LOAD_WORD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const JUMP_IF_ANY_BIT = 0x45
const RETURN = 0x06
/** Of struct seccomp_data. Arguments have 64 bits, little-endian; the kernel reads the lower 32 of those that count here. */
const AT = { number: 0, audit: 4, firstArgument: 16, secondArgument: 24 }
const X32_BIT = 0x40000000

const ALLOW: Instruction = [RETURN, 0, 0, 0x7fff0000]
const NOT_PERMITTED: Instruction = [RETURN, 0, 0, 0x00050001]
const NO_TERMINAL: Instruction = [RETURN, 0, 0, 0x00050019]
const UNKNOWN: Instruction = [RETURN, 0, 0, 0x00050026]

/**
 * The filter for a host architecture (Node's `arch()`), as the array of `struct sock_filter` that the kernel reads:
 * 8 bytes each, little-endian. `isAlone`: it starts neither processes nor threads; `makesLinks`: symbolic ones. Throws RangeError for a host that has
 * no row.
 */
export function seccompFilter(
  hostArchitecture: string,
  { isAlone = false, makesLinks = false }: { isAlone?: boolean; makesLinks?: boolean | undefined } = {},
): Uint8Array {
  const { audit, column, hasX32 } = abiOf(hostArchitecture)
  const numbers = (calls: Readonly<Record<string, Numbers>>) =>
    Object.values(calls).map((each) => each[column]).filter((number) => number !== undefined)
  const { clone, fcntl, fork, vfork, ioctl } = LOOKED_INTO
  const forks = numbers({ fork, vfork })
  const makers = isAlone ? [...numbers({ clone }), ...forks] : []
  return encode([
    [LOAD_WORD, 0, 0, AT.audit],
    [JUMP_EQUAL, 1, 0, audit],
    UNKNOWN,
    [LOAD_WORD, 0, 0, AT.number],
    ...(hasX32 ? [[JUMP_AT_LEAST, 0, 1, X32_BIT], UNKNOWN] as const : []),
    ...[...Object.values(ALLOWED).flatMap(numbers), ...(isAlone ? [] : forks), ...(makesLinks ? numbers(LINKING) : [])]
      .flatMap((each) => on(each, [ALLOW])),
    ...[...Object.values(REFUSED).flatMap(numbers), ...makers].flatMap((each) => on(each, [NOT_PERMITTED])),
    ...on(clone[column], [
      ...[[LOAD_WORD, 0, 0, AT.firstArgument], [JUMP_IF_ANY_BIT, 0, 1, NEW_NAMESPACES], NOT_PERMITTED, ALLOW] as const,
    ]),
    ...on(fcntl[column], [[LOAD_WORD, 0, 0, AT.secondArgument], ...on(F_SETPIPE_SZ, [NOT_PERMITTED]), ALLOW]),
    ...on(ioctl[column], [
      [LOAD_WORD, 0, 0, AT.secondArgument],
      ...CONTROLS.flatMap((each) => on(each, [ALLOW])),
      NO_TERMINAL,
    ]),
    UNKNOWN,
  ])
}

/** The numbers of the calls that are refused by name, on a host architecture. Throws as above. */
export function refusedNumbers(hostArchitecture: string): Map<string, number> {
  return numbersOf(REFUSED, hostArchitecture)
}

/** Those of the calls that work, whatever their arguments. Throws as above. */
export function allowedNumbers(hostArchitecture: string): Map<string, number> {
  return numbersOf(ALLOWED, hostArchitecture)
}

function numbersOf(groups: Groups, hostArchitecture: string): Map<string, number> {
  const { column } = abiOf(hostArchitecture)
  const calls = Object.values(groups).flatMap((group) => Object.entries(group))
  return new Map(calls.flatMap(([name, numbers]) => {
    const number = numbers[column]
    return number === undefined ? [] : [[name, number] as const]
  }))
}

/** What happens if the loaded word is `value`; else it goes on behind. */
function on(value: number, then: readonly Instruction[]): Instruction[] {
  return [[JUMP_EQUAL, 0, then.length, value], ...then]
}

function abiOf(hostArchitecture: string): Abi {
  const abi = ABIS[hostArchitecture]
  if (abi !== undefined) return abi
  throw new RangeError(`Expected a host of ${Object.keys(ABIS).join(', ')}; add a row for ${hostArchitecture}`)
}

function encode(program: readonly Instruction[]): Uint8Array {
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
