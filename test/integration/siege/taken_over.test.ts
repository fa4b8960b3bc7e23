/** A gdb that was taken over by the core it reads, and says what it likes: its words are bounded when they arrive. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { brokenGdb } from '../../helpers/broken_gdb.ts'
import { crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

let folder: Folder
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  const program = compileFixture(folder.path, 'threads.c', 'threads', ['-O0', '-pthread'])
  core = crash(folder.path, program, ['2'])
  copyModules(core, folder.file('root'))
})
afterAll(async () => await folder[Symbol.asyncDispose]())

const FORGED = `
def send_frames(number, limit, kept=0, careful=False):
    send(thread=number)
    threads_by_number[number].switch()
    send(pointer=None, sp=None)
    frame = ["0x401000", "normal", "forged", "/" + "f" * 100, 7]
    line = (json.dumps({"frames": [frame] * 10000}) + "\\n").encode()
    for piece in range(100):
        left = line
        while left:
            left = left[os.write(CHANNEL, left):]
    send(stop=None, more=False)
    return [], (), False
`

it('a million forged frames become no more than were asked for, and a result of their size', async () => {
  const { json, text, report } = await retraceIn(core, folder.file('root'), {
    hostDebug: true,
    engines: [brokenGdb(FORGED)],
    seconds: 60,
  })
  expect(json.threads.map(({ frames }) => frames.length).every((frames) => frames <= 2048)).toBe(true)
  expect(json.threads[0]?.frames.length).toBeGreaterThan(0)
  expect(text.length).toBeLessThan(4_000_000)
  const bytes = report.files.reduce((sum, [, content]) => sum + content.length, 0)
  expect(bytes).toBeLessThan(20_000_000)
}, 120_000)

it('a message of brackets ends the conversation before it is read', async () => {
  const said: string[] = []
  const brackets = `
def answer_frames(number, limit, careful=0):
    os.write(CHANNEL, b"[" * 60000)
    os.write(CHANNEL, b"\\n")
    send(stop=None, more=False)
`
  const { report } = await retraceIn(core, folder.file('root'), {
    hostDebug: true,
    engines: [brokenGdb(brackets)],
    say: (line) => said.push(line),
    seconds: 30,
  })
  expect(said.join('\n')).toMatch(/more in one message than a message can hold/)
  expect(report.outcome.code).not.toBe('ok')
}, 120_000)
