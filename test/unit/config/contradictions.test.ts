import { expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { contradictions } from '../../../src/config/contradictions.ts'
import { GIB } from '../../../src/units/bytes.ts'

it.each<[string, Record<string, string>, RegExp[]]>([
  ['nothing', { RETRACE_MAX_PACKED_MB: '50', RETRACE_MAX_UNPACKED_MB: '50' }, []],
  ['uploads larger than what they unpack to', { RETRACE_MAX_PACKED_MB: '501' }, [/PACKED_MB is 501.*UNPACKED_MB, 500/]],
  ['members larger than what an upload unpacks to', { RETRACE_MAX_FILE_KB: '512001' }, [/FILE_KB is 512001/]],
  ['tasks larger than the machine', { RETRACE_TASK_MEMORY_MB: '4097' }, [/TASK_MEMORY_MB is 4097.*4096 MiB/]],
  ['tasks expected to take longer than they may', { RETRACE_TASK_TIMEOUT_S: '179' }, [/EST_TIME_S is 180.*179/]],
  ['two listeners on one port', { RETRACE_METRICS_PORT: '8443' }, [/METRICS_PORT is 8443, as RETRACE_PORT is/]],
  ['one folder for two things', { RETRACE_SPOOL_DIR: '/srv/x/', RETRACE_REPO_DIR: '/srv/x' }, [/the same folder as/]],
  ['a folder in another', { RETRACE_SPOOL_DIR: '/srv/x', RETRACE_REPO_DIR: '/srv/x/..y' }, [
    /^RETRACE_REPO_DIR is a folder within RETRACE_SPOOL_DIR/,
  ]],
  ['no folder beside another', { RETRACE_SPOOL_DIR: '/srv/x', RETRACE_REPO_DIR: '/srv/xy' }, []],
])('contradictions() tells %s', (_, settings, said) => {
  const config = readConfig(['abrt-retrace-server', 'abrt-retrace-worker'], settings)
  expect(contradictions(config, 4 * GIB)).toEqual(said.map((one) => expect.stringMatching(one)))
})
