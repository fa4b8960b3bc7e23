/** Classes of crashes where none can be made here: facts as the cores of other architectures have them. */
import { describe, expect, it } from 'vitest'
import type { Architecture } from '../../../src/elf/architecture.ts'
import { classOf, type CrashFacts, faultOf } from '../../../workers/retrace/exploitable/class.ts'
import { findingOf } from '../../../workers/retrace/exploitable/abort_message.ts'
import { currentInstruction } from '../../../workers/retrace/exploitable/instruction.ts'

const segment = (start: bigint, size: bigint, flags: number) => ({
  start,
  memorySize: size,
  fileOffset: 0n,
  fileSize: size,
  dumped: size,
  flags,
})
const SEGMENTS = [segment(0x1_0000n, 0x1000n, 5), segment(0x50_0000n, 0x10_0000n, 6)]

function facts(architecture: Architecture, text: string, change: Partial<CrashFacts> = {}): CrashFacts {
  return {
    architecture,
    signal: 11,
    code: 1,
    address: 0n,
    pc: 0x1_0010n,
    segments: SEGMENTS,
    instruction: currentInstruction(`=> 0x10010 <f>:\t00 00\t${text}\n`),
    registers: new Map(),
    below: undefined,
    top: undefined,
    abortMessage: undefined,
    hasHandler: false,
    isSentByItself: false,
    ...change,
  }
}

/** Of each architecture: a store, a load, a call through a register; its stack pointer and where it returns to. */
const OTHERS: [Architecture, store: string, load: string, call: string, sp: string, link: string][] = [
  ['arm64', 'str\tw0, [x1, #16]', 'ldr\tw0, [x1]', 'blr\tx3', 'sp', 'x30'],
  ['armhf', 'str\tr2, [r3, #-4]\t; 0x10', 'ldr\tr2, [r3]', 'blx\tr3', 'sp', 'lr'],
  ['ppc64el', 'stw     r9,0(r10)', 'lwz     r9,0(r10)', 'bctrl', 'r1', 'lr'],
  ['s390x', 'st\t%r2,0(%r1)', 'l\t%r2,0(%r1)', 'basr\t%r14,%r1', 'r15', 'r14'],
  ['riscv64', 'sw\ta5,0(a4)', 'lw\ta5,0(a4)', 'jalr\ta5', 'sp', 'ra'],
]

describe.each(OTHERS)('a crash on %s', (architecture, store, load, call, sp, link) => {
  it('is a write or a read by the name of its instruction', () => {
    expect(classOf(facts(architecture, store))).toBe('write')
    expect(classOf(facts(architecture, load))).toBeUndefined()
    expect(faultOf(facts(architecture, load))).toEqual({ kind: 'read', address: 0n })
    expect(classOf(facts(architecture, load, { signal: 7, code: 2 }))).toBe('bus-error')
    expect(classOf(facts(architecture, call, { address: undefined }))).toBe('jump')
  })

  it('is a return where it went to where calls return to, else a jump', () => {
    const gone = { pc: 0x4140n, address: architecture === 's390x' ? 0x4000n : 0x4140n, instruction: undefined }
    expect(classOf(facts(architecture, '', gone))).toBe('jump')
    expect(classOf(facts(architecture, '', { ...gone, registers: new Map([[link, 0x4140n]]) }))).toBe('return')
  })

  it('has exhausted its stack where its pointer is at the end', () => {
    const address = 0x4f_fff0n
    expect(classOf(facts(architecture, store, { address, registers: new Map([[sp, 0x50_0000n]]) }))).toBe(
      'stack-exhausted',
    )
    expect(classOf(facts(architecture, store, { address, registers: new Map([[sp, 0x58_0000n]]) }))).toBe('write')
  })
})

describe('a signal', () => {
  it('that was sent has no class of a fault, whatever the instruction is', () => {
    const write = 'movl   $0x1,(%rax)'
    expect(classOf(facts('amd64', write, { code: 0 }))).toBe('no-interest')
    expect(classOf(facts('amd64', write, { code: -6, isSentByItself: true }))).toBe('unknown')
    expect(classOf(facts('amd64', write, { code: 0, hasHandler: true }))).toBe('unknown')
    expect(classOf(facts('amd64', write, { signal: 15 }))).toBe('no-interest')
    expect(classOf(facts('amd64', write, { signal: 0 }))).toBeUndefined()
  })

  it('whose instruction is not known is unknown, or a bus error', () => {
    expect(classOf(facts('amd64', '', { instruction: undefined }))).toBe('unknown')
    expect(classOf(facts('amd64', '', { instruction: undefined, signal: 7 }))).toBe('bus-error')
  })
})

describe('a call on amd64 that the processor refuses', () => {
  const refused = (text: string, registers: [string, bigint][]) =>
    faultOf(
      facts('amd64', text, { code: 128, address: undefined, registers: new Map([['rsp', 0x50_0000n], ...registers]) }),
    )

  it('went to what the register has, or to what the memory has, which is not known', () => {
    expect(refused('call   *%rax', [['rax', 1n << 60n]])).toEqual({ kind: 'execute', address: 1n << 60n })
    expect(refused('call   *0x2ee6(%rip)        # 0x556c381ff018', [['rip', 0x10010n]]))
      .toEqual({ kind: 'execute', address: undefined })
    expect(refused('jmp    *0x8(%rax)', [['rax', 0x7000n]])).toEqual({ kind: 'execute', address: undefined })
  })

  it('read its target from where no address can be', () => {
    expect(refused('jmp    *0x8(%rax)', [['rax', 1n << 60n]])).toEqual({ kind: 'read', address: (1n << 60n) + 8n })
  })
})

it.each([
  ['str\tr2, [r3, #-4]\t; 0xfffffffc', ['r2', '[r3, #-4]']],
  ['str\tw0, [x1, #16]\t// #0x10', ['w0', '[x1, #16]']],
  ['mov    %eax,0x2ee6(%rip)        # 0x556c381ff018 <x>', ['%eax', '0x2ee6(%rip)']],
])('the operands of %j are whole, without the comment', (text, operands) => {
  expect(currentInstruction(`=> 0x10010 <f>:\t00 00\t${text}\n`)?.operands.map((each) => each.trim())).toEqual(operands)
})

describe('an instruction of s390x that reads and writes memory', () => {
  const registers = new Map([['r1', 0x7000n], ['r2', 0x9ff8n], ['r4', 0x7000n], ['r5', 16n], [
    'r6',
    0x9000n,
  ], ['r7', 16n]])
  const at = (text: string, address: bigint) => {
    const found = facts('s390x', text, { address, registers })
    return [classOf(found), faultOf(found)?.kind]
  }

  it.each([
    ['mvc\t0(8,%r1),0(%r2)', 0x7000n, ['write', 'write']],
    ['mvc\t0(8,%r1),0(%r2)', 0x9000n, [undefined, 'read']],
    ['mvc\t0(8,%r1),16(%r2)', 0xa000n, [undefined, 'read']],
    ['mvc\t4095(200,%r1),0(%r2)', 0x8000n, ['write', 'write']],
    ['xc\t0(8,%r1),0(%r1)', 0x7000n, ['write', 'write']],
    ['clc\t0(8,%r1),0(%r2)', 0x7000n, [undefined, 'read']],
    ['mvcl\t%r4,%r6', 0x9000n, [undefined, 'read']],
    ['mvcl\t%r4,%r6', 0x7000n, ['write', 'write']],
    ['mvst\t%r1,%r2', 0x7000n, ['write', 'write']],
    ['mvi\t0(%r1),5', 0x7000n, ['write', 'write']],
  ] as [string, bigint, unknown[]][])('%j at page 0x%x', (text, address, expected) => {
    expect(at(text, address)).toEqual(expected)
  })
})

describe('a division by what is in memory', () => {
  const divided = (divisor: bigint | undefined) =>
    classOf(
      facts('amd64', 'idivl  0x8(%rsp)', { signal: 8, code: 1, divisor, registers: new Map([['rsp', 0x50_0000n]]) }),
    )

  it('is one by zero only where there is a zero', () => {
    expect(divided(0n)).toBe('division-by-zero')
    expect(divided(0xffffffffn)).toBe('arithmetic')
    expect(divided(undefined)).toBe('division-by-zero')
  })
})

it('a division of floating point is one by zero where the kernel says so', () => {
  const failed = (code: number, text = 'divsd  %xmm1,%xmm0') => classOf(facts('amd64', text, { signal: 8, code }))
  expect([3, 4, 5, 6, 7].map((code) => failed(code))).toEqual(['division-by-zero', ...Array(4).fill('arithmetic')])
  // x87 says it at its next instruction.
  expect(failed(3, 'fstpt  0x2ec5(%rip)')).toBe('division-by-zero')
})

it('a function whose name has line ends and tabs hides no instruction', () => {
  for (const name of ['v\n```\n #Z', 'a\tb', 'a>:\n\n', ' ']) {
    const instruction = currentInstruction(
      `   0x1 <${name}+0>:\t90\tnop\n=> 0x3 <${name}+3>:\t89 07\tmov    %eax,(%rdi)\n   0x5 <${name}+5>:\tc3\tret\n`,
    )
    expect(instruction).toMatchObject({ text: 'mov %eax,(%rdi)', length: 2 })
    const call = currentInstruction(`=> 0x3 <${name}+3>:\te8 00\tcall   0x1 <${name}>\n   0x5 <f>:\tc3\tret\n`)
    expect(call).toMatchObject({ text: 'call 0x1', operands: ['0x1'] })
  }
})

it('a function whose name has lines of a disassembly forges no instruction', () => {
  const name = 'v\n=> 0x1:\tc3\tret\n'
  const text =
    `   0x1001 <${name}+0>:\t90\tnop\n=> 0x1003 <${name}+3>:\t89 07\tmov    %eax,(%rdi)\n   0x1005 <${name}+5>:\tc3\tret\n`
  expect(currentInstruction(text, 0x1003n)).toMatchObject({ text: 'mov %eax,(%rdi)', length: 2 })
})

it('an instruction that no program may run uses no memory', () => {
  for (const text of ['hlt', 'out    %al,(%dx)', 'in     $0x60,%al', 'cli']) {
    const refused = facts('amd64', text, { code: 128, address: undefined })
    expect([classOf(refused), faultOf(refused)]).toEqual(['unknown', { kind: 'none', address: undefined }])
  }
})

it.each([
  ["*** Error in `./p': double free or corruption (fasttop): 0x0000000001c14010 ***", 'heap'],
  ["*** Error in `/usr/bin/a b': free(): invalid next size (fast): 0x0804a010 ***\n", 'heap'],
  ["*** Error in `p': malloc(): memory corruption: 0x0804a010 ***", 'heap'],
  ["*** Error in `p': munmap_chunk(): invalid pointer: 0x0804a010 ***", 'heap'],
  ["*** Error in `p': corrupted double-linked list: 0x0804a010 ***", 'heap'],
  ["*** Error in `p': break adjusted to free malloc space: 0x0804a010 ***", 'heap'],
  ['*** glibc detected *** ./p: double free or corruption (top): 0x0804a010 ***', 'heap'],
  ['*** glibc detected *** free(): invalid pointer: 0x0804a010 ***', 'heap'],
  ['free(): unaligned chunk detected in tcache 2\n', 'heap'],
  ['malloc_check_get_size: memory corruption', 'heap'],
  ['memory clobbered past end of allocated block\n', 'heap'],
  ['*** stack smashing detected ***: ./p terminated', 'stack'],
  ['*** buffer overflow detected ***: ./p terminated', 'refused'],
  ['*** bit out of range 0 - FD_SETSIZE on fd_set ***: terminated', 'refused'],
  ["p: p.c:3: main: Assertion `a == b' failed.\n", 'assertion'],
  ['something else', undefined],
  ["*** Error in the program's input", undefined],
])('the message %j of the C library is known', (message, finding) => {
  expect(findingOf(message)).toBe(finding)
})
