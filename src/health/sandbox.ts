/** The sandbox: whether bubblewrap works here. */
import { tryWall } from '../process/trial.ts'
import type { Look } from './look.ts'
import { reasonOf } from './programs.ts'

const ADVICE = 'install bubblewrap 0.8 or newer and util-linux, and allow user namespaces ' +
  '(sysctl kernel.unprivileged_userns_clone=1)'

export const sandbox: Look = {
  what: 'sandbox',
  part: 'sandbox',
  isCostly: true,
  async question() {
    try {
      await tryWall()
      return { verdict: 'ok', text: 'bubblewrap works' }
    } catch (error) {
      return { verdict: 'FAIL', text: 'bubblewrap does not work', more: `${reasonOf(error)}: ${ADVICE}` }
    }
  },
}
