/** What a debugger answers that a core has taken over. */
import { Buffer } from 'node:buffer'
import * as answers from '../../../workers/retrace/gdb/answers.ts'
import { splitLines } from '../../../workers/retrace/gdb/lines.ts'
import { MiError, parseRecord } from '../../../workers/retrace/gdb/mi.ts'
import { readValues } from '../../../workers/retrace/gdb/values.ts'
import { readGdbText } from '../../../workers/retrace/report/frame_text.ts'
import { KIB } from '../../../src/units/bytes.ts'
import { ORDINARY, type Target } from '../target.ts'

const seeds = (...texts: string[]) => () => texts.map((each) => Buffer.from(each))

export const mi: Target = {
  seeds: seeds(
    '1^done,stack=[frame={level="0",addr="0x1",func="main",args=[]}]\n(gdb) \n',
    '~"text\\n"\n&"warning: \\303\\244"\n*stopped,reason="signal-received"\n',
  ),
  words: ['^done', '^error,msg="', '={', '=[', '}', ']', '"', '\\', '\\n', '(gdb) ', '\n'],
  maxBytes: 64 * KIB,
  read(input) {
    const found: unknown[] = []
    const onLine = (line: Uint8Array) => found.push(parseRecord(Buffer.from(line).toString('latin1')))
    splitLines({ maxBytes: 32 * KIB, onLine, onOverflow: () => undefined })(input)
    return found
  },
  isOurs: (error) => error instanceof MiError,
  cost: ORDINARY,
  weight: 2,
}

/** Messages of retrace.py, a line each. */
export const messages: Target = {
  seeds: seeds(
    '{"threads":[[1,100]],"selected":1,"architecture":"i386:x86-64","pc":"0x1","version":"13.1"}\n',
    '{"thread":1}\n{"pointer":"0x1","sp":"0x2"}\n{"frames":[["0x1","normal","main","a.c",3]]}\n{"stop":null,"more":false}\n{"told":1}\n',
    '{"values":[[0,[["x","int","integer","1","whole"]],[]]]}\n{"whole":true}\n{"symbols":[[0,"0x1","0x2",false]],"unread":[],"undebugged":[]}\n',
    '{"registers":[["rip","0x1"]]}\n{"fault":["0x1","why",true]}\n{"failed":"text","why":"x"}\n{"problem":"x"}\n',
  ),
  words: [
    '"frames":',
    '"values":',
    '"threads":',
    'null',
    'true',
    '[',
    ']',
    '{',
    '}',
    '-1',
    '1e400',
    '"0x"',
    '\\ud800',
    '\n',
  ],
  maxBytes: 64 * KIB,
  read(input) {
    const data: unknown[] = []
    for (const line of Buffer.from(input).toString('utf8').split('\n')) {
      try {
        data.push(JSON.parse(line))
      } catch {
        break // the session ends there
      }
    }
    const each = [
      answers.readThreads,
      answers.readFrames,
      answers.readSymbols,
      answers.readRegisters,
      answers.readProblems,
    ]
    return [...each.map((read) => read(data)), answers.splitByThread(data).size, readValues(data).size]
  },
  isOurs: () => false,
  cost: ORDINARY,
  weight: 2,
}

export const backtraces: Target = {
  seeds: seeds(
    '#0  0x0000000000001234 in main (argc=1, argv=0x7ff) at a.c:3\n        x = 1\nNo locals.\n#1  <signal handler called>\n',
  ),
  words: [
    '#0 ',
    '#1  ',
    '<signal handler called>',
    'No locals.',
    'No symbol table info available.',
    ' at ',
    ' from ',
    '\n',
    '\x1b[31m',
    '\u202e',
  ],
  maxBytes: 64 * KIB,
  read: (input) => readGdbText(Buffer.from(input).toString('utf8')),
  isOurs: () => false,
  cost: ORDINARY,
}
