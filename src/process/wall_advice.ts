/** What to do where no sandbox can be made: by the reason, in the words that kernel, util-linux and bubblewrap have for it. */

const NAMESPACES = 'allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), ' +
  'kernel.apparmor_restrict_unprivileged_userns=0 or ops/apparmor/userns-4.0 (Ubuntu), user.max_user_namespaces above 0'
const CONTAINER = 'in a container, docs/container.md says what it must be given'

/** The first that fits counts. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/bwrap is not installed|failed to execute bwrap|Unknown option/, 'install bubblewrap 0.8 or newer'],
  [/(?:prlimit|setpriv|unshare) is not installed|does not do its work/, 'install util-linux'],
  [/^\/proc is not there/, 'mount /proc'],
  [
    /EAGAIN|Resource temporarily unavailable|NPROC/,
    'let the service have more processes (LimitNPROC=, TasksMax=, ulimit -u)',
  ],
  [
    /\/proc\/sys\/.*(?:Read-only|No such file)/,
    `/proc/sys has to be there and writable: without ProtectKernelTunables= and ProcSubset= in the unit; ${CONTAINER}`,
  ],
  [/\/proc\/sys\/.*(?:Permission denied|not permitted)|unshare failed: (?:No space|Operation not)/, NAMESPACES],
  [/No permissions to create|creating new namespace failed/i, NAMESPACES],
  [/more than \d+ users/, `run it as another user than root, or in a container that has so many; ${CONTAINER}`],
  [/^setpriv: /, `run it as a user of its own, or as a root who has all capabilities; ${CONTAINER}`],
  [/not permitted|not implemented/, `something forbids system calls: SystemCallFilter= of a unit; ${CONTAINER}`],
]

const OTHERWISE = `bubblewrap 0.8 or newer and util-linux have to be whole, with user namespaces for them; ${CONTAINER}`

/** Half a sentence; `reason`: what was said of the sandbox that was tried. */
export function adviceOnSandbox(reason: string): string {
  return ADVICE.find(([words]) => words.test(reason))?.[1] ?? OTHERWISE
}
