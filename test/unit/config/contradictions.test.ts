import { expect, it } from 'vitest'
import { contradictions } from '../../../src/config/contradictions.ts'

it.each([
  ['nothing', { maxPackedMb: 50, maxUnpackedMb: 50, taskMemoryMb: 4096 }, []],
  ['uploads larger than what they unpack to', { maxPackedMb: 51, maxUnpackedMb: 50, taskMemoryMb: 1 }, [
    /PACKED_MB is 51/,
  ]],
  ['tasks larger than the machine', { maxPackedMb: 1, maxUnpackedMb: 2, taskMemoryMb: 4097 }, [
    /TASK_MEMORY_MB is 4097/,
  ]],
])('contradictions() tells %s', (_, config, said) => {
  expect(contradictions(config, 4096)).toEqual(said.map((one) => expect.stringMatching(one)))
})
