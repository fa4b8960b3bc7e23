/** What instructions of amd64 and i386 do to memory, in gdb's words. */
import { describe, expect, it } from 'vitest'
import type { Registers } from '../../../workers/retrace/exploitable/effects.ts'
import { currentInstruction } from '../../../workers/retrace/exploitable/instruction.ts'
import { effectsOnX86 } from '../../../workers/retrace/exploitable/x86.ts'

const WIDE: Registers = new Map([['rsp', 0x7000n], ['rax', 0x10n], ['rdi', 0x20n], ['rsi', 0x30n], ['rbx', 2n], [
  'r8',
  0n,
]])
const NARROW: Registers = new Map([['esp', 0x7000n], ['eax', 0x10n], ['edi', 0x20n], ['esi', 0x30n], [
  'ebx',
  0xffffffffn,
]])

function effects(text: string, registers: Registers) {
  const instruction = currentInstruction(`Dump of code:\n=> 0x0000000000001234 <main+4>:\t0f 1f\t${text}\nEnd\n`)
  if (instruction === undefined) throw new Error(`Expected an instruction, got ${text}`)
  const { accesses, ...rest } = effectsOnX86(instruction, registers)
  return { ...rest, said: accesses.map(({ kind, address }) => `${kind} 0x${address?.toString(16) ?? '?'}`).join(' ') }
}

/** Each with what it accesses on amd64. */
const ACCESSES: [string, string][] = [
  ['mov    (%rax),%eax', 'read 0x10'],
  ['mov    %eax,(%rax)', 'write 0x10'],
  ['movl   $0x1,0x8(%rax,%rbx,4)', 'write 0x20'],
  ['movl   $0x1,-0x8(%rax)', 'write 0x8'],
  ['mov    %al,0x0        # 0x55', 'write 0x0'],
  ['mov    %fs:0x28,%rax', 'read 0x?'],
  ['cmpl   $0x1,(%rax)', 'read 0x10'],
  ['test   %eax,(%rax)', 'read 0x10'],
  ['addl   $0x1,(%rax)', 'write 0x10'],
  ['lock xadd %eax,(%rax)', 'write 0x10'],
  ['lock cmpxchg %edx,(%rdi)', 'write 0x20'],
  ['xchg   (%rax),%eax', 'write 0x10'],
  ['incl   (%rax)', 'write 0x10'],
  ['sete   (%rax)', 'write 0x10'],
  ['lea    0x8(%rax),%rbx', ''],
  ['nopw   0x0(%rax,%rax,1)', ''],
  ['prefetcht0 (%rax)', ''],
  ['je     0x1234', ''],
  ['vmovdqu (%rdi),%ymm0', 'read 0x20'],
  ['vmovdqu64 %zmm16,(%rdi)', 'write 0x20'],
  ['vmovdqu8 %zmm16,(%rdi){%k1}', 'write 0x20'],
  ['vpcmpeqb (%rdi),%ymm16,%k0', 'read 0x20'],
  ['vpcmpeqb 0x20(%rdi),%ymm0,%ymm1', 'read 0x40'],
  ['ucomisd (%rax),%xmm0', 'read 0x10'],
  ['movss  %xmm0,(%rax)', 'write 0x10'],
  ['movsd  (%rax),%xmm0', 'read 0x10'],
  ['movsd  %xmm0,(%rdi)', 'write 0x20'],
  ['fstpt  (%rax)', 'write 0x10'],
  ['fldt   (%rax)', 'read 0x10'],
  ['rep stos %al,%es:(%rdi)', 'write 0x20'],
  ['rep movsb %ds:(%rsi),%es:(%rdi)', 'read 0x30 write 0x20'],
  ['rep movsq %ds:(%rsi),%es:(%rdi)', 'read 0x30 write 0x20'],
  ['repnz scas %es:(%rdi),%al', 'read 0x20'],
  ['repz cmpsb %es:(%rdi),%ds:(%rsi)', 'read 0x30 read 0x20'],
  ['push   %rbp', 'write 0x6ff8'],
  ['push   (%rax)', 'read 0x10 write 0x6ff8'],
  ['pop    %rbp', 'read 0x7000'],
  ['pop    (%rax)', 'write 0x10 read 0x7000'],
  ['call   0x1234', 'write 0x6ff8'],
  ['call   *%rax', 'write 0x6ff8'],
  ['call   *0x8(%rax)', 'read 0x18 write 0x6ff8'],
  ['jmp    *(%rax)', 'read 0x10'],
  ['ret', 'read 0x7000'],
  ['leave', 'read 0x7000'],
  ['vpgatherdd (%rax,%ymm2,4),%ymm3', 'read 0x?'],
  ['mov    (%rax,%rbx,what),%eax', 'read 0x?'],
  // Ports are no memory, and neither is what only the kernel may do.
  ['out    %al,(%dx)', ''],
  ['in     (%dx),%eax', ''],
  ['out    %al,$0x80', ''],
  ['hlt', ''],
  ['outsb  %ds:(%rsi),(%dx)', 'read 0x30'],
  ['insl   (%dx),%es:(%rdi)', 'write 0x20'],
  ['xlat   %ds:(%rbx)', 'read 0x12'],
  ['maskmovdqu %xmm1,%xmm0', 'write 0x20'],
  ['vmaskmovdqu %xmm1,%xmm0', 'write 0x20'],
  ['maskmovq %mm1,%mm0', 'write 0x20'],
  ['clzero', 'write 0x10'],
  ['movdir64b (%rsi),%rax', 'read 0x30 write 0x10'],
  ['vmaskmovps %ymm0,%ymm1,(%rdi)', 'write 0x20'],
  ['vmaskmovps (%rdi),%ymm1,%ymm0', 'read 0x20'],
  ['vpscatterdd %zmm1,(%rax,%zmm2,4){%k1}', 'write 0x?'],
  ['movnti %eax,(%rdi)', 'write 0x20'],
  ['pextrw $0x1,%xmm0,(%rdi)', 'write 0x20'],
  ['btsl   $0x3,(%rdi)', 'write 0x20'],
  ['bt     %eax,(%rdi)', 'read 0x20'],
  ['ptwritel (%rax)', 'read 0x10'],
  ['fnstcw (%rax)', 'write 0x10'],
  ['fisttpll (%rax)', 'write 0x10'],
  ['ficoms (%rax)', 'read 0x10'],
  ['shll   $0x1,(%rax)', 'write 0x10'],
  ['cmpxchg16b (%rdi)', 'write 0x20'],
]

describe('instructions of x86', () => {
  it.each(ACCESSES)('finds out what %s accesses', (text, expected) => {
    expect(effects(text, WIDE).said).toBe(expected)
  })

  it.each([
    ['mov    %eax,(%edi)', 'write 0x20'],
    ['movl   $0x1,0x1(%ebx,%eiz,1)', 'write 0x0'],
    ['rep stos %eax,%es:(%edi)', 'write 0x20'],
    ['push   %ebp', 'write 0x6ffc'],
    ['mov    %gs:0x14,%eax', 'read 0x?'],
    ['movb   $0x0,0x804a010', 'write 0x804a010'],
  ])('on i386 addresses have 32 bits: %s', (text, expected) => {
    expect(effects(text, NARROW).said).toBe(expected)
  })

  it('takes what is relative to the program counter from the end of the instruction', () => {
    expect(effects('mov    0x10(%rip),%rax        # 0x1022', new Map([['rsp', 0x7000n], ['rip', 0x1010n]])).said)
      .toBe('read 0x1022')
  })

  it('tells calls, jumps and returns through registers or memory from others', () => {
    const control = (text: string) => {
      const found = effects(text, WIDE)
      return [found.control, found.isIndirect]
    }
    expect(control('call   *%rax')).toEqual(['call', true])
    expect(control('notrack jmp *%rax')).toEqual(['jump', true])
    expect(control('bnd jmp *0x2fe5(%rip)        # 0x4018')).toEqual(['jump', true])
    expect(control('call   0x1234 <f>')).toEqual(['call', false])
    expect(control('ret    $0x8')).toEqual(['return', true])
    expect(control('mov    %rax,%rbx')).toEqual([undefined, false])
  })

  it('knows the divisor where it is a register or a part of one', () => {
    expect(effects('idiv   %ebx', WIDE).divisor).toEqual({ value: 2n })
    expect(effects('div    %r8b', WIDE).divisor).toEqual({ value: 0n })
    expect(effects('idiv   %ebx', NARROW).divisor).toEqual({ value: 0xffffffffn })
    expect(effects('idivl  (%rax)', WIDE).divisor).toEqual({ value: undefined })
    expect(effects('divsd  %xmm1,%xmm0', WIDE).divisor).toBeUndefined()
  })

  it.each(['', '=> 0x10:\tCannot access memory at address 0x10', '=> 0x10:\tff\t(bad)', '   0x10:\t90\tnop'])(
    'takes %j for no instruction',
    (text) => {
      expect(currentInstruction(text)).toBeUndefined()
    },
  )
})
