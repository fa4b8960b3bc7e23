import { describe, expect, it } from 'vitest'
import { startServer } from '../../helpers/server.ts'
import { spoolEntries } from '../../helpers/spool_entries.ts'

describe('a full server', () => {
  it('answers 507 when the space is below RETRACE_MIN_FREE_MB, and 415 before that', async () => {
    await using small = await startServer({
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MIN_FREE_MB: '1073741824' },
    })
    const ask = (type: string) =>
      small.client.ask('/create', { method: 'POST', headers: { 'Content-Type': type }, body: 'x' })
    const reply = await ask('application/x-tar')
    expect(reply.status).toBe(507)
    expect(reply.text).toContain('RETRACE_MIN_FREE_MB')
    expect((await ask('text/plain')).status).toBe(415)
    expect(spoolEntries(small.config.spoolDir)).toEqual([])
  })
})
