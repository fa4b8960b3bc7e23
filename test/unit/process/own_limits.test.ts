import { describe, expect, it } from 'vitest'
import { lowLimits } from '../../../src/process/own_limits.ts'
import { largestLimits } from '../../../src/process/trial.ts'

const limits = (files: string, size = 'unlimited') =>
  `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max file size             unlimited            ${size.padEnd(20)} bytes
Max open files            256                  ${files.padEnd(20)} files
Max address space         unlimited            unlimited            bytes
`
const USER = 'CapEff:\t0000000000000000\n'
const ROOT = 'CapEff:\t000001ffffffffff\n'

describe('lowLimits()', () => {
  it('names each limit that is lower than what a sandbox asks for', () => {
    expect(lowLimits(largestLimits(), { limits: limits('256', '1024'), status: USER })).toEqual([
      'LimitNOFILE is 256, and sandboxes need 1024',
      expect.stringMatching(/^LimitFSIZE is 1024, and sandboxes need \d+$/),
    ])
  })

  it('is content where they are high enough, have no end, or can be raised', () => {
    expect(lowLimits(largestLimits(), { limits: limits('1024'), status: USER })).toEqual([])
    expect(lowLimits(largestLimits(), { limits: limits('unlimited'), status: USER })).toEqual([])
    expect(lowLimits(largestLimits(), { limits: limits('256'), status: ROOT })).toEqual([])
  })

  it('reads those of this process', () => expect(lowLimits({ ...largestLimits(), openFiles: 1 })).toEqual([]))
})
