import { describe, expect, it } from 'vitest'
import { driverFor, Sqlite } from '../../../src/database/driver.ts'

describe('driverFor()', () => {
  it.each([
    [{ node: '20.18.1' }, 'better-sqlite3'],
    [{ node: '22.2.0' }, 'better-sqlite3-13'],
    [{ node: '24.21.0' }, 'better-sqlite3-13'],
    [{ node: '24.2.0', deno: '2.9.6' }, 'better-sqlite3'],
  ])('driverFor() of %o is %s', (runtime, name) => {
    expect(driverFor(runtime)).toBe(name)
  })
})

describe('the driver of this runtime', () => {
  it('outlives its statements, which are collected while a program works', async () => {
    const client = new Sqlite(':memory:')
    for (let round = 0; round < 50; round++) {
      for (let number = 0; number < 500; number++) client.prepare(`SELECT ${number}`).get()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(client.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
    client.close()
  })
})
