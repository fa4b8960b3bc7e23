/** The life of the RPM packages, as far as a Debian with rpm shows it: installed, upgraded, not downgraded, removed, gone back. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { builtFiles, findBuilt, findLacking, found } from '../helpers/opened.ts'
import { inside, makeRoot } from './root.ts'

const SERVER = 'abrt-retrace-server'
const OLDER = '98.0.0'
const NEWER = '99.0.0'
const DATABASE = '/var/lib/abrt-retrace/retrace.db'
/** What its scriptlets start, and what the programs need to say something; Debian's names of it. */
const NEEDED = 'rpm systemd-standalone-sysusers openssl sqlite3 gpgv bubblewrap'

/** Where it can be compiled, the server brings it. */
const MODULE = '/usr/share/selinux/packages/abrt-retrace'
const hasModule = env.RPMS_FROM !== undefined || existsSync('/usr/share/selinux/devel/Makefile')
const reason = hasModule ? '' : ' (skipped: no selinux-policy-dev here, see ops/lib/policy-packages)'

let folder: Folder
let root: string
const packages = () => folder.file('packages')
const command = (script: string) => inside(root, packages(), script)
const rpm = (of: string, name = SERVER) => `/mnt/${name}-${of}-1.x86_64.rpm`

/** What a command says that must end well. */
async function said(script: string): Promise<string> {
  const { status, text } = await command(script)
  if (status !== 0) throw new Error(`${script}\nended with ${status}: ${text}`)
  return text
}

/** Every file of what is to be kept, with its checksum, and what rpm says is installed. */
const kept = () =>
  said(
    `find /etc/abrt-retrace /var/spool/abrt-retrace /var/lib/abrt-retrace /var/cache/abrt-repo -type f ! -name '*.db-*' |
      sort | xargs -d '\\n' sha256sum
    rpm -q ${SERVER}; ls /usr/lib/abrt-retrace; ${SERVER} --version`,
  )

beforeAll(async () => {
  folder = await temporaryFolder()
  mkdirSync(packages())
  if (env.RPMS_FROM !== undefined) cpSync(env.RPMS_FROM, packages(), { recursive: true })
  else {
    const ops = join(installationRoot(), 'ops/package')
    const options = { stdio: 'inherit', env: { ...env, TREE: folder.file('tree') } } as const
    execFileSync(join(ops, 'tree'), [folder.file('tree'), OLDER], options)
    for (const version of [OLDER, NEWER]) execFileSync(join(ops, 'rpm'), [packages(), version], options)
  }
  root = makeRoot(folder.path)
  await said(`apt-get -q update && apt-get -q install -y --no-install-recommends ${NEEDED}`)
})

afterAll(() => folder[Symbol.asyncDispose]())

describe('the RPM packages', () => {
  it('rpm installs both: user, folders, certificate, settings; the programs run by the Node that they bring', async () => {
    const text = await said(`rpm -i --nodeps ${rpm(OLDER)} ${rpm(OLDER, 'retrace')}`)
    expect(text).toContain('self-signed')
    expect(
      await said(`stat -c '%n %a %U:%G' /var/spool/abrt-retrace /var/lib/abrt-retrace /etc/abrt-retrace/server.key`),
    )
      .toBe(
        `/var/spool/abrt-retrace 700 abrt-retrace:abrt-retrace
/var/lib/abrt-retrace 700 abrt-retrace:abrt-retrace
/etc/abrt-retrace/server.key 640 root:abrt-retrace
`,
      )
    // Its first start makes the database.
    await said(
      `sed -i 's/^#RETRACE_MIN_FREE_MB=.*/RETRACE_MIN_FREE_MB=10/; s/^#RETRACE_PORT=.*/RETRACE_PORT=0/' \\
        /etc/abrt-retrace/abrt-retrace.env
      as ${SERVER} >server.log 2>&1 & for i in $(seq 300); do sleep 0.1; grep -q listening server.log && exit 0; done; cat server.log; exit 1`,
    )
    expect(await said('retrace --version && as abrt-reposync --status && rpm -V --nodeps retrace')).toMatch(
      /^retrace \d/,
    )
  })

  it('has every file that its programs open while they run, threads and chunks too, and no code cache of one build', async () => {
    const text = await said(findBuilt('/usr/lib/abrt-retrace'))
    expect(found(text)).toEqual(builtFiles())
    expect(await said(findLacking('/usr/lib/abrt-retrace'))).toBe('')
    expect(text).not.toContain('.cache\n')
  })

  it('an upgrade keeps settings and data', async () => {
    await said(`echo '# my own' >>/etc/abrt-retrace/abrt-retrace.env`)
    const before = await said(`sha256sum /etc/abrt-retrace/* ${DATABASE} 2>/dev/null || :`)
    await said(`rpm -U --nodeps ${rpm(NEWER)} ${rpm(NEWER, 'retrace')}`)
    expect(await said(`sha256sum /etc/abrt-retrace/* ${DATABASE} 2>/dev/null || :`)).toBe(before)
    expect(await said(`rpm -q ${SERVER} retrace`)).toBe(`${SERVER}-${NEWER}-1.x86_64\nretrace-${NEWER}-1.x86_64\n`)
  })

  it.each([
    ['by rpm', '-U', /is already installed/],
    [
      'where rpm is told to allow it',
      '-U --oldpackage',
      /99\.0\.0 is installed, and 98\.0\.0 is older: .*'Going back'/,
    ],
    ['where rpm is forced', '-U --force', /99\.0\.0 is installed, and 98\.0\.0 is older: .*'Going back'/],
  ])('a downgrade is refused with a sentence and changes nothing, %s', async (_, how, sentence) => {
    const before = await kept()
    const { status, text } = await command(`rpm ${how} --nodeps ${rpm(OLDER)}`)
    expect(status).not.toBe(0)
    expect(text).toMatch(sentence)
    expect(await kept()).toBe(before)
  })

  it('removed they keep all data, from which the version before goes on, as the runbook says', async () => {
    const files = () =>
      said(`find /etc/abrt-retrace /var/lib/abrt-retrace -type f ! -name '*.db-*' | sort | xargs sha256sum`)
    await said(`as cp ${DATABASE} ${DATABASE}.before-${NEWER}`)
    const before = await files()
    await said(`rpm -e --nodeps ${SERVER}`)
    expect(await files()).toBe(before)
    const runbook = readFileSync(join(installationRoot(), 'ops/RUNBOOK.md'), 'utf8')
    await said(/^cd \/var\/lib\/abrt-retrace && .*retrace\.db$/m.exec(runbook)?.[0] ?? 'false')
    await said(`rpm -i --nodeps ${rpm(OLDER)}`)
    expect(await said(`as abrt-reposync --status && as ${SERVER} --check | grep database`)).toContain('ok   database')
  })
})

describe.skipIf(!hasModule)(`the SELinux module in them${reason}`, () => {
  const load = `/usr/share/abrt-retrace/selinux/load --from ${MODULE}`
  const config = (policy: string) => `printf 'SELINUX=permissive\\nSELINUXTYPE=${policy}\\n' >/etc/selinux/config`

  it('is left alone where SELinux is not set up, and where the policy is another one, with a sentence', async () => {
    expect(await said(`rpm -ql ${SERVER} | grep ${MODULE}/ | xargs -n 1 basename | sort | xargs`)).toBe(
      'abrt_retrace.pp abrt_retrace_ports.cil policy\n',
    )
    expect(await said(load)).toContain('SELinux is not set up here')
    await said(`apt-get -q install -y --no-install-recommends selinux-policy-default policycoreutils`)
    expect(await said(`${config('targeted')}; ${load}`)).toContain(
      "for the policy 'default', and this machine has 'targeted'",
    )
    expect(await said(`semodule -s default -l | grep -c abrt_retrace || true`)).toBe('0\n')
  })

  it('is loaded by the install where the policy is the one that it is for, and goes with the package', async () => {
    await said(`${config('default')}; rpm -U --replacepkgs --nodeps ${rpm(OLDER)}`)
    expect(await said('semodule -l | grep abrt_retrace')).toBe('abrt_retrace\nabrt_retrace_ports\n')
    await said(`rpm -e --nodeps ${SERVER}`)
    expect(await said('semodule -l | grep -c abrt_retrace || true')).toBe('0\n')
  })
})

describe('rpmlint', () => {
  it('finds no error in them, nor a warning, but for what rpmlint.toml names with its reason', () => {
    const rpms = readdirSync(packages()).filter((name) => name.includes(`-${OLDER}-`))
    const words = ['-c', join(installationRoot(), 'ops/package/rpmlint.toml'), ...rpms]
    const { stdout, status } = rpmlint(words)
    expect([status, stdout.split('\n').filter((line) => /: [EW]: /.test(line))]).toEqual([0, []])
  })
})

function rpmlint(words: string[]): { status: number; stdout: string } {
  try {
    return { status: 0, stdout: execFileSync('rpmlint', words, { cwd: packages(), encoding: 'utf8' }) }
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string }
    return { status, stdout }
  }
}
