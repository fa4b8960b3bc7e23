/** Who goes first where processor time is scarce. */
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { describe, expect, it } from 'vitest'
import { startWorker } from '../../../src/runner/worker_process.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('a worker', () => {
  it('stands back behind the server, with all that it starts', async () => {
    await using folder = await temporaryFolder()
    const own = getPriority()
    const log = folder.file('log')
    const script = `awk '{ print $19 }' /proc/self/stat`
    const worker = startWorker({ command: ['sh', '-c', script], argument: '-', log, settings: {} })
    expect((await worker.ended).code).toBe(0)
    expect(Number(readFileSync(log, 'utf8'))).toBe(Math.min(19, own + 10))
    worker.assign('')
  })
})
