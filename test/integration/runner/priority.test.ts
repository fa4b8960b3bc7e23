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
    const worker = startWorker({ command: ['sh', '-c', script], argument: '-', log, settings: {}, memoryMb: 3000 })
    expect((await worker.ended).code).toBe(0)
    expect(Number(readFileSync(log, 'utf8'))).toBe(Math.min(19, own + 10))
    worker.assign('')
  })

  it('has a memory limit of its own, which what it starts may change', async () => {
    await using folder = await temporaryFolder()
    const log = folder.file('log')
    const script = `awk '/^Max data size/ { print $4, $5 }' /proc/self/limits`
    const worker = startWorker({ command: ['sh', '-c', script], argument: '-', log, settings: {}, memoryMb: 3000 })
    expect((await worker.ended).code).toBe(0)
    expect(readFileSync(log, 'utf8')).toMatch(/^3145728000 (unlimited|[0-9]+)\n$/)
    worker.assign('')
  })
})
