/** Threads that had ended when the process crashed: the C library's list has them, the core has nothing of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

describe('a process whose first thread has ended', () => {
  it('shows the thread that crashed in full, and says of the other that it had ended', async () => {
    const core = crash(
      folder.path,
      compileFixture(folder.path, 'leader_ended.c', 'leader', ['-pthread', '-fno-inline']),
    )
    copyModules(core, folder.file('root'))
    const { json, report, debugged, text } = await retraceIn(core, folder.file('root'), { hostDebug: true })
    expect(debugged.conversation?.ended).toHaveLength(1)
    expect(json.threads[0]?.frames.map((frame) => frame.function).slice(0, 2)).toEqual(['inner', 'work'])
    expect(json).toMatchObject({ thread_count: 1, threads: { length: 1 } })
    expect(json.limits).toEqual([
      expect.stringMatching(/^the thread with LWP \d+ had ended: the core holds nothing of it$/),
    ])
    expect(text).toMatch(/^Note: the thread with LWP \d+ had ended/m)
    expect(report.outcome).toMatchObject({ code: 'ok' })
  })
})
