import { describe, expect, it } from 'vitest'
import { adviceOnSandbox } from '../../../src/process/wall_advice.ts'

describe('what to do where no sandbox can be made', () => {
  it.each([
    ['bwrap is not installed, or may not be executed', /^install bubblewrap 0\.8/],
    ['prlimit: failed to execute bwrap: No such file or directory', /^install bubblewrap 0\.8/],
    ['bwrap: Unknown option --userns', /^install bubblewrap 0\.8/],
    ['setpriv is not installed, or may not be executed', /^install util-linux$/],
    ['setpriv or unshare does not do its work (of the package util-linux)', /^install util-linux$/],
    ['/proc is not there, which says who the users of this machine are', /^mount \/proc$/],
    ['unshare cannot be started (EAGAIN)', /LimitNPROC=/],
    ['prlimit: failed to set the NPROC resource limit: Operation not permitted', /LimitNPROC=/],
    ['tee: /proc/sys/user/max_user_namespaces: Read-only file system', /ProtectKernelTunables=.*docs\/container\.md/],
    ['tee: /proc/sys/user/max_user_namespaces: No such file or directory', /ProtectKernelTunables=/],
    ['tee: /proc/sys/user/max_user_namespaces: Permission denied', /ops\/apparmor\/userns-4\.0 \(Ubuntu\)/],
    ['unshare: unshare failed: No space left on device', /user\.max_user_namespaces above 0/],
    ['unshare: unshare failed: Operation not permitted', /kernel\.unprivileged_userns_clone=1/],
    ['bwrap: No permissions to create new namespace, likely because ...', /kernel\.unprivileged_userns_clone=1/],
    ['Expected a machine or container with more than 65534 users, got 1', /^run it as another user than root/],
    ['setpriv: setresuid failed: Operation not permitted', /^run it as a user of its own/],
    ['unshare: unshare failed: Function not implemented', /^something forbids system calls/],
    ["bwrap: Can't set hostname to retrace: Operation not permitted", /^something forbids system calls/],
    ['cat took longer than 10 s', /^bubblewrap 0\.8 or newer and util-linux have to be whole/],
  ])('follows from the reason: %s', (reason, advice) => {
    expect(adviceOnSandbox(reason)).toMatch(advice)
  })
})
