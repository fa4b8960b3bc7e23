/** The sandbox: whether bubblewrap works here. */
import { tryWall } from '../process/trial.ts'
import type { Look } from './look.ts'
import { reasonOf } from './programs.ts'
import { MIB } from '../units/bytes.ts'

const ADVICE = 'install bubblewrap 0.8 or newer and util-linux, allow user namespaces ' +
  '(sysctl kernel.unprivileged_userns_clone=1, unless it runs as root), and ask its supervisor for room ' +
  '(LimitNOFILE, LimitFSIZE, LimitAS, LimitNPROC)'

/** Beside RETRACE_TASK_MEMORY_MB, and per second of RETRACE_TASK_TIMEOUT: workers/retrace asks for as much. */
const MORE_MB = 4096
const PROCESSOR_PER_CLOCK = 4

export const sandbox: Look = {
  what: 'sandbox',
  part: 'sandbox',
  isCostly: true,
  async question({ config }) {
    try {
      await tryWall({
        addressSpace: (config.taskMemoryMb + MORE_MB) * MIB,
        cpuS: config.taskTimeoutS * PROCESSOR_PER_CLOCK,
      })
      return { verdict: 'ok', text: 'bubblewrap works' }
    } catch (error) {
      return { verdict: 'FAIL', text: 'bubblewrap does not work', more: `${reasonOf(error)}: ${ADVICE}` }
    }
  },
}
