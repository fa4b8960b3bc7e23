import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeName, signalName, signalSentence } from '../../../workers/retrace/report/signal.ts'

describe('signals', () => {
  it('knows the names of signals and their causes', () => {
    expect([signalName(11), signalName(50), codeName(11, 1), codeName(6, -6), codeName(11, 99)])
      .toEqual(['SIGSEGV', 'SIGRTMIN+16', 'SEGV_MAPERR', 'SI_TKILL', undefined])
    expect([signalSentence(6), signalSentence(0)]).toEqual([
      'Program terminated with signal SIGABRT, Aborted.',
      undefined,
    ])
  })

  it("knows each cause that the kernel's headers name, but for those of machines that no core here is of", () => {
    const signals: Record<string, number> = { ILL: 4, TRAP: 5, BUS: 7, FPE: 8, SEGV: 11, CLD: 17, POLL: 29, SYS: 31 }
    const header = readFileSync('/usr/include/asm-generic/siginfo.h', 'utf8')
    const named = [...header.matchAll(/^# *define\s+(([A-Z]+)_[A-Z0-9_]+)\s+(-?\d+|0x[0-9a-f]+)\b/gm)].flatMap(
      ([, name = '', prefix = '', code]) => {
        const signal = prefix === 'SI' ? 6 : signals[prefix]
        return signal === undefined || /_(FLAG|MAX)_/.test(name) ? [] : [[name, codeName(signal, Number(code))]]
      },
    )
    expect(named.length).toBeGreaterThan(50)
    for (const [name, ours] of named) if (name !== 'SI_MAX_SIZE') expect(ours).toBe(name)
    expect(codeName(11, 10)).toBe('SEGV_CPERR')
  })

  it('has a name of its own for each signal from 1 to 64 but the two that the C library keeps for itself', () => {
    const names = Array.from({ length: 64 }, (_, index) => signalName(index + 1))
    expect(new Set(names).size).toBe(64)
    expect(names.filter((name) => /^SIG\d/.test(name))).toEqual(['SIG32', 'SIG33'])
  })

  it('counts real-time signals from the first that a program can use, as signal(7) does', () => {
    expect([34, 37, 64, 65].map(signalName)).toEqual(['SIGRTMIN', 'SIGRTMIN+3', 'SIGRTMAX', 'SIG65'])
    expect(signalSentence(35)).toBe('Program terminated with signal SIGRTMIN+1, Real-time event 35.')
  })
})
