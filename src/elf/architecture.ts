/**
 * The one table of architectures: whoever adds one adds a row here, and nothing else in src/elf. It maps the names that
 * ELF, Debian, RPM, the kernel, ABRT's client, gdb and qemu have for the same machine. It never guesses: what no row
 * names is `undefined` (x32 and big-endian ppc64 among them), never 'the nearest'.
 */

/** Debian's name of an architecture: the name that this project uses everywhere. */
export type Architecture = 'amd64' | 'i386' | 'arm64' | 'armhf' | 'ppc64el' | 's390x' | 'riscv64'

export interface ArchitectureRow {
  /** Debian's name. */
  readonly name: Architecture
  /** EI_CLASS as 32 or 64, EI_DATA, e_machine (gABI, chapter 4, ELF header). */
  readonly class: 32 | 64
  readonly littleEndian: boolean
  readonly machine: number
  /** struct elf_prstatus of the kernel: its size, and the byte offsets of program counter and stack pointer in it. */
  readonly status: { readonly size: number; readonly pc: number; readonly sp: number }
  /** Names that RPM packages carry; the first is the usual one. */
  readonly rpm: readonly string[]
  /** `$basearch` of yum and dnf: the directory of a repository and the architecture in an RPM release id. */
  readonly basearch: string
  /** What `uname -m` says on such a machine; the first is the usual one. */
  readonly uname: readonly string[]
  /** ABRT's client makes its release ids with this: `uname -m`, except that i586 and i686 become i386. */
  readonly abrt: string
  /** `arch` of gdb's frames, when gdb has understood the core (docs/facts.md, 'Cross-architecture gdb'). */
  readonly gdb: string
  /** Debian's multiarch triplet: `/usr/lib/TRIPLET`. */
  readonly triplet: string
  /** Program of qemu-user, without `-static`. */
  readonly qemu: string
  /** Whose packages a yum repository of this architecture holds too (multilib). */
  readonly multilib?: Architecture
}

export const ARCHITECTURES: readonly ArchitectureRow[] = [
  {
    name: 'amd64',
    class: 64,
    littleEndian: true,
    machine: 62,
    status: { size: 336, pc: 240, sp: 264 },
    rpm: ['x86_64', 'x86_64_v2', 'x86_64_v3', 'x86_64_v4'],
    basearch: 'x86_64',
    uname: ['x86_64'],
    abrt: 'x86_64',
    gdb: 'i386:x86-64',
    triplet: 'x86_64-linux-gnu',
    qemu: 'qemu-x86_64',
    multilib: 'i386',
  },
  {
    name: 'i386',
    class: 32,
    littleEndian: true,
    machine: 3,
    status: { size: 144, pc: 120, sp: 132 },
    rpm: ['i686', 'i586', 'i486', 'i386'],
    basearch: 'i386',
    uname: ['i686', 'i586', 'i486', 'i386'],
    abrt: 'i386',
    gdb: 'i386',
    triplet: 'i386-linux-gnu',
    qemu: 'qemu-i386',
  },
  {
    name: 'arm64',
    class: 64,
    littleEndian: true,
    machine: 183,
    status: { size: 392, pc: 368, sp: 360 },
    rpm: ['aarch64'],
    basearch: 'aarch64',
    uname: ['aarch64'],
    abrt: 'aarch64',
    gdb: 'aarch64',
    triplet: 'aarch64-linux-gnu',
    qemu: 'qemu-aarch64',
  },
  {
    name: 'armhf',
    class: 32,
    littleEndian: true,
    machine: 40,
    status: { size: 148, pc: 132, sp: 124 },
    rpm: ['armv7hl', 'armv7hnl', 'armv8hl', 'armhfp'],
    basearch: 'armhfp',
    uname: ['armv7l', 'armv8l'],
    abrt: 'armv7l',
    gdb: 'armv7',
    triplet: 'arm-linux-gnueabihf',
    qemu: 'qemu-arm',
  },
  {
    name: 'ppc64el',
    class: 64,
    littleEndian: true,
    machine: 21,
    status: { size: 504, pc: 368, sp: 120 },
    rpm: ['ppc64le'],
    basearch: 'ppc64le',
    uname: ['ppc64le'],
    abrt: 'ppc64le',
    gdb: 'powerpc:common64',
    triplet: 'powerpc64le-linux-gnu',
    qemu: 'qemu-ppc64le',
  },
  {
    name: 's390x',
    class: 64,
    littleEndian: false,
    machine: 22,
    status: { size: 336, pc: 120, sp: 248 },
    rpm: ['s390x'],
    basearch: 's390x',
    uname: ['s390x'],
    abrt: 's390x',
    gdb: 's390:64-bit',
    triplet: 's390x-linux-gnu',
    qemu: 'qemu-s390x',
  },
  {
    name: 'riscv64',
    class: 64,
    littleEndian: true,
    machine: 243,
    status: { size: 376, pc: 112, sp: 128 },
    rpm: ['riscv64'],
    basearch: 'riscv64',
    uname: ['riscv64'],
    abrt: 'riscv64',
    gdb: 'riscv:rv64',
    triplet: 'riscv64-linux-gnu',
    qemu: 'qemu-riscv64',
  },
]

const BY_NAME = new Map<Architecture, ArchitectureRow>(ARCHITECTURES.map((row) => [row.name, row]))

const BY_ANY_NAME = new Map<string, Architecture>(
  ARCHITECTURES.flatMap((row) =>
    [row.name, row.basearch, row.abrt, ...row.rpm, ...row.uname].map((name) => [name, row.name] as const)
  ),
)

/** The row of an architecture. */
export function architectureRow(name: Architecture): ArchitectureRow {
  const row = BY_NAME.get(name)
  if (row === undefined) throw new RangeError(`Expected a name of the table of architectures, got ${name}`)
  return row
}

/** The architecture of an ELF header: class, byte order and e_machine have to fit, all three. */
export function architectureOf(
  elfClass: 32 | 64,
  littleEndian: boolean,
  machine: number,
): Architecture | undefined {
  return ARCHITECTURES.find((row) =>
    row.class === elfClass && row.littleEndian === littleEndian && row.machine === machine
  )?.name
}

/** The architecture that Debian, RPM, dnf, `uname -m` or ABRT's client call so; case counts. */
export function architectureNamed(anyName: string): Architecture | undefined {
  return BY_ANY_NAME.get(anyName)
}
