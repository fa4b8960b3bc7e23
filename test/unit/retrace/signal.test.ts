import { describe, expect, it } from 'vitest'
import { codeName, signalName, signalSentence } from '../../../workers/retrace/report/signal.ts'

describe('signals', () => {
  it('knows the names of signals and their causes', () => {
    expect([signalName(11), signalName(50), codeName(11, 1), codeName(6, -6), codeName(11, 99)])
      .toEqual(['SIGSEGV', 'SIG50', 'SEGV_MAPERR', 'SI_TKILL', undefined])
    expect([signalSentence(6), signalSentence(0)]).toEqual([
      'Program terminated with signal SIGABRT, Aborted.',
      undefined,
    ])
  })
})
