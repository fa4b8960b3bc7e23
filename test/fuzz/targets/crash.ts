/** What is concluded from a debugger's text: libsatyr's figures, the crashing instruction, names in every build. */
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../../src/program/program.ts'
import { KIB } from '../../../src/units/bytes.ts'
import { plainFunction, plainModule } from '../../../workers/retrace/crash/names.ts'
import { findingOf } from '../../../workers/retrace/exploitable/abort_message.ts'
import { effectsOf } from '../../../workers/retrace/exploitable/decode.ts'
import { currentInstruction } from '../../../workers/retrace/exploitable/instruction.ts'
import { assess } from '../../../workers/retrace/satyr/satyr.ts'
import { ORDINARY, type Target } from '../target.ts'

const text = (input: Uint8Array) => Buffer.from(input).toString('utf8')
const REGISTERS = new Map([['rsp', 0x7000n], ['rax', 1n], ['rdi', 2n]])

export const satyr: Target = {
  seeds: () =>
    ['m-operator', 'm-lambda', 'fix-i386', 'xxdeb'].map((name) =>
      readFileSync(join(installationRoot(), 'test/fixtures/satyr', `${name}.bt`))
    ),
  words: [
    '#0  ',
    '\nThread 1 (',
    ' in ',
    ' () at ',
    '<signal handler called>',
    'operator',
    '::',
    '<',
    '>',
    '(',
    ')',
    ' const',
    '\n',
  ],
  maxBytes: 64 * KIB,
  read: (input) => assess(text(input)),
  isOurs: () => false,
  cost: ORDINARY,
}

export const instruction: Target = {
  seeds: () =>
    ['mov    %eax,0x8(%rax,%rbx,4)', 'rep stos %al,%es:(%rdi)', 'call   *0x10(%rax)', 'idiv   %ecx'].map((each) =>
      Buffer.from(`Dump of code:\n=> 0x0000000000001234 <main+4>:\t0f 1f\t${each}\nEnd\n`)
    ),
  words: ['=> ', '\t', '%fs:', '(%rax', ',', ')', '-0x', '*', 'lock ', 'rep ', '{%k1}', '# 0x'],
  maxBytes: 4 * KIB,
  read(input) {
    const found = currentInstruction(text(input))
    return found && [effectsOf(found, 'amd64', REGISTERS), effectsOf(found, 's390x', REGISTERS)]
  },
  isOurs: () => false,
  cost: ORDINARY,
}

export const plainNames: Target = {
  seeds: () =>
    [
      'void ns::f<int>(std::vector<int> const&) const [clone .cold]',
      'core::panicking::panic::h0123456789abcdef',
      '__strlen_avx2',
    ]
      .map((each) => Buffer.from(each)),
  words: ['::', '<', '>', '(', ')', ' const', '[clone ', ']', '.isra.0', '.so.6', '@@GLIBC_2.34', 'operator', '__GI_'],
  maxBytes: 8 * KIB,
  read: (input) => [plainFunction(text(input)), plainModule(text(input)), findingOf(text(input))],
  isOurs: () => false,
  cost: ORDINARY,
}
