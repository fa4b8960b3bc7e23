import { describe, expect, it } from 'vitest'
import { LoginAttempts } from '../../../src/http/login_attempts.ts'

describe('LoginAttempts', () => {
  it('gives each client ten wrong passwords a minute, and says how long to wait', () => {
    let now = 1000
    const attempts = new LoginAttempts(() => now)
    for (let wrong = 0; wrong < 10; wrong++) {
      attempts.demandPatience('a')
      attempts.wrong('a')
      now += 1000
    }
    expect(() => attempts.demandPatience('a')).toThrow('try again in 50 s')
    attempts.demandPatience('b')
    now += 50_000
    attempts.demandPatience('a')
  })

  it('does not grow with the number of clients', () => {
    const attempts = new LoginAttempts(() => 1)
    for (let client = 0; client < 20_000; client++) attempts.wrong(`client ${client}`)
    for (let wrong = 0; wrong < 10; wrong++) attempts.wrong('client 0')
    expect(() => attempts.demandPatience('client 0')).toThrow('10 wrong passwords')
    expect(JSON.stringify(attempts)).toBe('{}')
  })
})
