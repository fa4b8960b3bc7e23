/**
 * The wall, tried from inside: Python in gdb makes each call that the filter refuses, and looks for what must not be.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../../workers/retrace/gdb/session.ts'
import { refusedNumbers } from '../../../src/process/seccomp.ts'
import { processTree } from '../../../src/process/memory.ts'
import { gathered } from '../../../src/process/gather.ts'
import { startInside } from '../../../src/process/inside.ts'
import { emptySandbox, emptySession } from '../../helpers/retrace.ts'
import { arch } from 'node:process'

let session: Session

/** What a line of Python says inside the sandbox. */
async function python(code: string): Promise<string> {
  const answer = await session.command(`-interpreter-exec console ${JSON.stringify(`python ${code}`)}`, 20_000)
  if (answer.kind !== 'done') throw new Error(JSON.stringify(answer))
  return answer.console.trim()
}

beforeAll(async () => {
  session = await emptySession()
})

afterAll(async () => await session.close())

describe('the filter', () => {
  it.each([...refusedNumbers(arch)])('refuses %s', async (_, number) => {
    const call = `c.syscall(${number}, 0, 0, 0, 0, 0), ctypes.get_errno()`
    expect(await python(`import ctypes; c = ctypes.CDLL(None, use_errno=True); print((${call}))`)).toBe('(-1, 1)')
  })

  it('lets through what is not on the list', async () => {
    expect(await python('import os; print(os.getppid() >= 0, os.uname().nodename)')).toBe('True retrace')
  })
})

describe('qemu-user behind the wall', () => {
  // Of this machine's architecture: a debugger of another one is made by ops/engine only, and calls the same of the kernel.
  it.skipIf(arch !== 'x64')('runs a gdb with threads, and what it cannot call it does without', async () => {
    const sandbox = emptySandbox()
    const script = 'import threading, os; t = threading.Thread(target=lambda: print(os.getuid())); t.start(); t.join()'
    const words = ['/qemu', sandbox.words[0], '-nx', '-batch', '-ex', `python ${script}`] as const
    const binds = [...sandbox.binds, { from: '/usr/bin/qemu-x86_64-static', at: '/qemu' }]
    await using running = await startInside({ ...sandbox, words, binds }, { timeoutMs: 120_000 })
    const said = await gathered(running, running.output, 1 << 20)
    await running.succeeded()
    expect(new TextDecoder().decode(said).trim()).toBe('65534')
  }, 120_000)
})

describe('the root', () => {
  it.each([
    '/usr/bin/python3.11',
    '/usr/bin/gcc',
    '/bin/sh',
    '/usr/lib/debug',
    '/usr/local',
    '/etc/shadow',
    '/root',
    '/home',
    '/proc',
    '/sys',
    '/var',
    '/work',
  ])('the root of the debugger does not show %s', async (path) => {
    expect(await python(`import os; print(os.path.exists('${path}'))`)).toBe('False')
  })

  it('the root of the debugger has a /dev and an /etc of its own', async () => {
    expect(await python("import os; print(sorted(os.listdir('/dev')), sorted(os.listdir('/etc')))"))
      .toBe("['null', 'urandom', 'zero'] ['group', 'hosts', 'passwd']")
    expect(await python('import pwd, os; print(pwd.getpwuid(os.getuid()).pw_name)')).toBe('nobody')
  })

  it.each(['/', '/usr/share/gdb', '/etc', '/dev', '/scripts'])('the debugger cannot write in %s', async (folder) => {
    const attempt =
      `exec("import os\\ntry:\\n os.close(os.open('${folder}/x', os.O_CREAT | os.O_WRONLY)); print('written')\\n` +
      `except OSError as error: print(error.strerror)")`
    expect(await python(attempt)).toBe('Read-only file system')
  })

  it('the debugger has no network but its own loopback, which is down, and no capability', async () => {
    expect(await python("import os; print(os.path.exists('/sys/class/net'))")).toBe('False')
    const attempt =
      'exec("import os\\ntry:\\n os.setuid(0); print(1)\\nexcept OSError as error: print(error.strerror)")'
    expect(await python(attempt)).toMatch(/Invalid argument|Operation not permitted/)
  })

  it('limits what can be written to its /tmp', async () => {
    const attempt = "exec(\"import os\\nfd = os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\\ntry:\\n" +
      " for i in range(100): os.write(fd, bytes(1 << 20))\\n print('written')\\nexcept OSError as error: print(error.errno)\")"
    expect(await python(attempt)).toMatch(/^(27|28)$/)
  })
})

describe('the end', () => {
  it('takes everything with it that ran inside', async () => {
    const other = await emptySession()
    await other.command('-gdb-version', 20_000)
    const pids = processTree(other.pid ?? 0)
    expect(pids.length).toBeGreaterThan(1)
    await other.close()
    await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}/exe`) && isRunning(pid))).toEqual([])
  })
})

function isRunning(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return state !== '' && !state.startsWith('Z')
}
