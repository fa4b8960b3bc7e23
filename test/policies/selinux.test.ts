/**
 * The module of ops/selinux: compiled, linked with the whole policy of Debian 12 and expanded with its neverallow rules checked,
 * then asked what it allows. What it does in a running kernel: npm run vm.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { indexPath, plainPath } from '../../src/packages/keep/debug_index.ts'
import { COPY_WORK, INDEX_WORK, WORK_FOLDER } from '../../src/packages/keep/kept.ts'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'

const SOURCES = join(installationRoot(), 'ops', 'selinux')
const STORE = '/var/lib/selinux/default'
const TOOLS = ['checkmodule', 'semodule_package', 'semodule', 'sesearch', 'seinfo', 'matchpathcon']
const isThere = (tool: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status === 0
const lacking = [
  ...TOOLS.filter((tool) => !isThere(tool)),
  ...[STORE, '/usr/share/selinux/devel/Makefile'].filter((path) => !existsSync(path)),
]
const reason = lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} not here, see ops/lib/policy-packages)`

const DOMAINS = ['server', 'worker', 'reposync', 'clean', 'wall', 'debugger', 'reader'].map((name) =>
  `retrace_${name}_t`
)
const ENTRIES = ['server', 'worker', 'reposync', 'clean', 'wall', 'debugger'].map((name) => `retrace_${name}_exec_t`)

let folder: Folder
let policy = ''
beforeAll(async () => {
  folder = await temporaryFolder()
  if (reason !== '') return
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
  execFileSync(join(SOURCES, 'load'), ['--to', folder.file('compiled')], { env })
  cpSync(STORE, folder.file('root/var/lib/selinux/default'), { recursive: true })
  cpSync('/etc/selinux/default', folder.file('root/etc/selinux/default'), { recursive: true })
  writeFileSync(folder.file('root/etc/selinux/semanage.conf'), 'module-store = direct\nexpand-check = 1\n')
  const modules = readdirSync(folder.file('compiled')).filter((name) => /\.(pp|cil)$/.test(name))
    .flatMap((name) => ['-i', folder.file(`compiled/${name}`)])
  execFileSync('semodule', ['-p', folder.file('root'), '-s', 'default', '-n', ...modules], { env, stdio: 'pipe' })
  policy = folder.file('root/etc/selinux/default/policy')
  policy = join(policy, readdirSync(policy)[0] ?? '')
})
afterAll(() => folder[Symbol.asyncDispose]())

interface Rule {
  readonly target: string
  readonly kind: string
  readonly may: readonly string[]
}

/** What a domain may, by itself and by its attributes; asked once, since each question reads the whole policy. */
const known = new Map<string, Rule[]>()
function rulesOf(domain: string): Rule[] {
  const found = known.get(domain)
  if (found !== undefined) return found
  const said = execFileSync('sesearch', ['-A', '-s', domain, policy], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const rules = [...said.matchAll(/^allow \S+ (\S+):(\S+) (?:\{ ([^}]*) \}|([^\s;]+));/gm)]
    .map(([, target = '', kind = '', several, one = '']) => ({ target, kind, may: (several ?? one).trim().split(' ') }))
  known.set(domain, rules)
  return rules
}

/** Whom or what it may do one of these to, each once. */
function targets(domain: string, kinds: string, may: string): string[] {
  const found = rulesOf(domain).filter(({ kind, may: allowed }) =>
    kinds.split(',').includes(kind) && may.split(',').some((each) => allowed.includes(each))
  )
  return [...new Set(found.map(({ target }) => target))].sort()
}

const FILES = 'file,dir,lnk_file,sock_file,fifo_file,chr_file,blk_file'
/** What every domain of the reference policy may open for writing: a terminal, and the socket of mcstransd, which takes a socket of one's own. */
const OF_ALL = ['devtty_t', 'setrans_runtime_t']
const CHANGES = 'write,append,create,unlink,rename,link,setattr,add_name,remove_name,relabelto,relabelfrom'

describe.skipIf(reason)(`the SELinux module${reason}`, () => {
  it('has a domain for each program, none of them permissive or unconfined', () => {
    const permissive = execFileSync('seinfo', [policy, '--permissive', '-x'], { encoding: 'utf8' })
    expect(permissive).not.toContain('retrace_')
    for (const domain of DOMAINS) {
      const said = execFileSync('seinfo', [policy, '-t', domain, '-x'], { encoding: 'utf8' })
      expect(said).toContain('domain')
      expect([domain, said.match(/\w*unconfined\w*/g)]).toEqual([domain, null])
    }
  })

  it('lets a debugger and a reader reach no network and no socket of others', () => {
    const sockets =
      'tcp_socket,udp_socket,rawip_socket,packet_socket,sctp_socket,dccp_socket,netlink_route_socket,icmp_socket'
    for (const domain of ['retrace_debugger_t', 'retrace_reader_t']) {
      expect(targets(domain, sockets, 'create,connect,name_connect,name_bind,bind,listen,accept,sendto')).toEqual([])
      // Every domain of the reference policy may connect to itself, and to the daemon that translates labels.
      const local = targets(domain, 'unix_stream_socket,unix_dgram_socket', 'connectto,sendto')
      expect(local.filter((target) => target !== domain && target !== 'setrans_t')).toEqual([])
    }
  })

  it('lets a debugger write in its own memory, and indices, alone', () => {
    expect(targets('retrace_debugger_t', FILES, CHANGES).filter((target) => !isGiven(target)))
      .toEqual(['null_device_t', 'retrace_index_t', 'retrace_inside_tmpfs_t', 'zero_device_t', ...OF_ALL].sort())
  })

  it('lets a debugger read of all that server and worker hold nothing but the core, kept files and engines', () => {
    const ours = targets('retrace_debugger_t', FILES, 'read,open,search').filter((target) =>
      target.startsWith('retrace_') && !isGiven(target)
    )
    expect(ours).toEqual([
      ...[
        'retrace_core_t',
        'retrace_debugger_exec_t',
        'retrace_engine_t',
        'retrace_index_t',
        'retrace_inside_tmpfs_t',
        'retrace_repo_t',
      ],
    ])
  })

  it('lets a debugger execute nothing but gdb and qemu', () => {
    expect(targets('retrace_debugger_t', 'file', 'execute_no_trans')).toEqual([])
    expect(targets('retrace_debugger_t', 'process', 'transition,dyntransition')).toEqual([])
  })

  it('lets a debugger and a reader use no capability, of the machine or of their own namespace', () => {
    const classes = ['capability', 'capability2', 'cap_userns', 'cap2_userns']
    const held = (domain: string) => rulesOf(domain).filter(({ kind }) => classes.includes(kind))
    expect(held('retrace_wall_t').length).toBeGreaterThan(0)
    for (const domain of ['retrace_debugger_t', 'retrace_reader_t']) {
      expect([domain, held(domain)]).toEqual([domain, []])
    }
  })

  it('lets the server write neither kept files nor keys, settings or engines, and reposync, worker and clean no keys', () => {
    for (const domain of DOMAINS) {
      const written = targets(domain, FILES, CHANGES)
      expect([domain, written.filter((target) => /^retrace_(key|conf|engine)_t$/.test(target))]).toEqual([domain, []])
      expect([domain, written.filter((target) => ENTRIES.includes(target))]).toEqual([domain, []])
    }
    // Of the store it may ask whether a file without a name fits in: that needs `write` on folders, and adds no name.
    const changed = targets('retrace_server_t', FILES, CHANGES.replace('write,', ''))
    expect(changed.filter((target) => /^retrace_(repo|index)_t$/.test(target))).toEqual([])
    expect(targets('retrace_server_t', 'file,lnk_file', 'write')).not.toContain('retrace_repo_t')
    for (const domain of DOMAINS.slice(1)) {
      expect(targets(domain, 'file', 'read')).not.toContain('retrace_key_t')
    }
  })

  it('lets nobody connect to a network but reposync, and the worker by a boolean', () => {
    const connecting = DOMAINS.filter((domain) => targets(domain, 'tcp_socket', 'name_connect').length > 0)
    expect(connecting).toEqual(['retrace_worker_t', 'retrace_reposync_t'])
    const worker = execFileSync('sesearch', [
      '-A',
      '-s',
      'retrace_worker_t',
      '-c',
      'tcp_socket',
      '-p',
      'name_connect',
      policy,
    ], {
      encoding: 'utf8',
    }).trim().split('\n')
    expect(worker.filter((rule) => !/\[ .*retrace_worker_fetch.* \]:True/.test(rule))).toEqual([])
  })

  // Where it is refused no program is told: the kernel takes the limits back at the change.
  it('lets limits pass into each domain that is entered', () => {
    const entered = [
      ...['server', 'reposync', 'clean'].map((to) => ['init_t', to]),
      ['retrace_server_t', 'worker'],
      ...['server', 'worker', 'reposync'].map((from) => [`retrace_${from}_t`, 'wall']),
      ...['debugger', 'reader'].map((to) => ['retrace_wall_t', to]),
    ]
    // By both: the rule may name what the two kinds of inside have in common.
    const keeps = ([from = '', to]: string[]) =>
      execFileSync(
        'sesearch',
        ['-A', '-s', from, '-t', `retrace_${to}_t`, '-c', 'process', '-p', 'rlimitinh', policy],
        {
          encoding: 'utf8',
        },
      ).includes('allow ')
    expect(entered.filter((each) => !keeps(each))).toEqual([])
  })

  it('labels what bwrap and gdb are, the spool, and a core in it, by names that the server writes', () => {
    const contexts = readFileSync(join(SOURCES, 'abrt_retrace.fc'), 'utf8')
    for (const type of ENTRIES) expect(contexts).toContain(`:${type},`)
    const said = execFileSync('sesearch', ['-T', '-s', 'retrace_server_t', '-t', 'retrace_spool_t', policy], {
      encoding: 'utf8',
    })
    expect(said).toContain('retrace_core_t coredump')
  })

  // A store that was labelled anew, as after an update of the policy, is as its makers left it.
  it('labels indices, and the folder in which a debugger writes them, as the transitions do that make them', () => {
    const contexts = folder.file('root/etc/selinux/default/contexts/files/file_contexts')
    const typeOf = (path: string, mode: string) =>
      execFileSync('matchpathcon', ['-n', '-f', contexts, '-m', mode, `/var/cache/abrt-repo/${path}`], {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      }).split(':')[2]
    expect(typeOf(`${WORK_FOLDER}/${INDEX_WORK}`, 'dir')).toBe('retrace_index_t')
    expect(typeOf(`${WORK_FOLDER}/${COPY_WORK}`, 'dir')).toBe('retrace_repo_t')
    const beside = 'debian-12-amd64/libc6-dbg_1_amd64'
    expect(typeOf(beside + indexPath('gdb-1', 'ab'), 'file')).toBe('retrace_index_t')
    expect(typeOf(beside + plainPath('ab'), 'file')).toBe('retrace_repo_t')
  })
})

/** /proc of itself, and pipes that it was given. */
function isGiven(target: string): boolean {
  return /^(retrace_(debugger|server|worker|reposync|wall)_t|devpts_t|init_t|initrc_t|init_tmpfs_t|self)$/.test(target)
}
