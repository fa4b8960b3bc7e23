/** What is concluded of interpreters: what they were given to run, and what a frame is to them. */
import { describe, expect, it } from 'vitest'
import { interpretersOf, type Language, versionInName } from '../../../workers/retrace/gdb/interpreters.ts'
import { languagesWithin, readLanguages } from '../../../workers/retrace/gdb/languages.ts'
import { languagesText } from '../../../workers/retrace/report/language_text.ts'
import { reportLanguages } from '../../../workers/retrace/report/languages.ts'
import { scriptOf } from '../../../workers/retrace/report/script.ts'
import { reportThread, resolvedModule, WHOLE_CORE } from '../../helpers/report_parts.ts'

describe('what an interpreter was given to run', () => {
  const ROWS: [language: Language, words: string, script: string | undefined][] = [
    ['python', 'python3 -I -W ignore /srv/shop.py --password secret', '/srv/shop.py'],
    ['python', 'python3 -Xdev -Wignore a.py', 'a.py'],
    ['python', 'python3 -c print(1)', '-c'],
    ['python', 'python3 -Ic print(1)', '-c'],
    ['python', 'python3 -m http.server 80', '-m http.server'],
    ['python', 'python3', undefined],
    ['python', 'python3 - x', '-'],
    ['ruby', 'ruby -W0 -I lib -rjson app.rb secret', 'app.rb'],
    ['ruby', 'ruby -e puts(1)', '-e'],
    ['perl', 'perl -w -T -I /lib x.pl', 'x.pl'],
    ['perl', 'perl -- -x.pl', '-x.pl'],
    ['php', 'php -n -d extension=posix index.php', 'index.php'],
    ['php', 'php -f index.php', '-f index.php'],
    ['javascript', 'node --stack-size=900 -r ./hook.js server.js', 'server.js'],
    ['javascript', 'node -e 1', '-e'],
    ['java', 'java -Xmx1g -cp a.jar:b.jar -Dpassword=secret org.example.Main x', 'org.example.Main'],
    ['java', 'java -jar app.jar x', '-jar app.jar'],
    ['go', '/srv/server -x y', undefined],
    // Code that stands in a bunch, or in the word of its option, and options that are not known.
    ['python', 'python3 -cprint(1) secret', '-c'],
    ['python', 'python3 -mvenv /secret', '-m venv'],
    ['python', 'python3 -mhttp.server TOKEN', '-m http.server'],
    ['python', 'python3 -Zsecret x', undefined],
    ['ruby', 'ruby -ne puts(1) secret', '-e'],
    ['perl', 'perl -we print(1)', '-e'],
    ['perl', 'perl -lane print(1) secret', '-e'],
    ['perl', 'perl -MFoo=bar -w x.pl secret', 'x.pl'],
    ['perl', 'perl --secret value', undefined],
    ['php', 'php -nr echo(1); secret', '-r'],
    ['javascript', 'node --eval=1 secret', '--eval'],
    ['javascript', 'node --inspect-port 9229 app.js secret', 'app.js'],
    ['javascript', 'node --print=secret', '--print'],
  ]

  it.each(ROWS)('%s: %s', (language, words, script) => {
    expect(scriptOf(language, words.split(' '), undefined)).toBe(script)
    expect(scriptOf(language, ['x', '', ''], words)).toBe(script)
  })
})

describe('interpreters', () => {
  const ROWS: [path: string, kind: 'executable' | 'library', language: Language, version: string | undefined][] = [
    ['/usr/bin/python3.11', 'executable', 'python', '3.11'],
    ['/usr/lib64/libpython3.13.so.1.0', 'library', 'python', '3.13'],
    ['/usr/lib64/libruby.so.3.2.2', 'library', 'ruby', '3.2'],
    ['/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2', 'library', 'ruby', '3.1'],
    ['/usr/bin/perl5.36-x86_64-linux-gnu', 'library', 'perl', undefined],
    ['/usr/lib64/perl5/CORE/libperl.so.5.38.2', 'library', 'perl', '5.38'],
    ['/usr/sbin/php-fpm8.2', 'executable', 'php', '8.2'],
    ['/opt/bin/node', 'executable', 'javascript', undefined],
    ['/usr/lib/jvm/jre/lib/server/libjvm.so', 'library', 'java', undefined],
    ['/usr/bin/pythonic', 'executable', 'python', undefined],
  ]

  it.each(ROWS)('are known by their files: %s', (path, kind, language, version) => {
    const { module } = resolvedModule()
    const found = interpretersOf({ modules: [{ ...module, kind, path }] }, [])
    const isNone = /pythonic|gnu$/.test(path)
    expect(found.map((each) => [each.language, versionInName(each)])).toEqual(isNone ? [] : [[language, version]])
  })

  it('tell a program of Go by its functions', () => {
    const { module } = resolvedModule()
    expect(interpretersOf({ modules: [module] }, ['main.walk', 'runtime.goexit'])).toMatchObject([{ language: 'go' }])
    expect(interpretersOf({ modules: [module] }, ['main', 'runtime_error'])).toEqual([])
  })
})

describe('the text of stacks', () => {
  it('begins no line with what a stranger wrote, nor one like a frame or a thread', () => {
    const evil = '\nThread 2 (LWP 2):\n#0  0x1 in false () at false.c:1\nwarning: x\n'
    const module = resolvedModule({ module: { ...resolvedModule().module, path: '/usr/bin/python3.13' } })
    const said = readLanguages([
      { words: ['python3.13', evil] },
      { language: 'python' },
      { version: evil, layout: 'debuginfo' },
      { stack: [[evil, 3, evil, evil, [[evil, evil]]]], lwp: '0x5', stopped: evil },
      { missing: evil },
    ])
    const threads = [reportThread('_PyEval_EvalFrameDefault', module)]
    const core = { ...WHOLE_CORE, modules: [module.module] }
    const languages = reportLanguages({ core, modules: [module], threads, said })
    expect(languages.languages[0]?.stacks[0]).toMatchObject({ isCrashed: true, stopped: evil })
    const text = languagesText(languages, threads)
    expect(text.split('\n').filter((line) => !/^(Python|Of thread 1: |\(The stacks| {2}(File|\(Ends))/.test(line)))
      .toEqual([])
    expect(text).toContain('Of thread 1: frame 0 interpreter')
  })

  it('takes words by the hundred thousand, and no more than there can be', () => {
    const { words } = readLanguages([{ words: Array(300_000).fill('x'.repeat(9_000)) }, { words: ['more'] }])
    expect(words.length).toBe(256)
    expect(words[0]?.length).toBeLessThanOrEqual(8_192)
    const many = Array.from({ length: 5_000 }, () => ({ language: 'python' }))
    expect(readLanguages(many).languages.length).toBeLessThanOrEqual(7)
  })

  it('has one bound of characters for all languages, and says where frames are missing', () => {
    const frame = ['file', 1, 'f'.repeat(1_000), 'function', [['name', 'v'.repeat(1_000)]]]
    const stack = { stack: Array(100).fill(frame) }
    const said = readLanguages([{ language: 'python' }, stack, stack, { language: 'ruby' }, stack])
    const { languages } = languagesWithin(said, 150_000)
    const stacks = languages.flatMap((each) => each.stacks)
    expect(stacks.map(({ frames, more }) => [frames.length, more])).toEqual([[74, true], [0, true], [0, true]])
    expect(languagesWithin(said, 1_000_000)).toEqual(said)
  })

  it('is bounded, whatever comes', () => {
    const frame = ['f'.repeat(20_000), 1, 'g'.repeat(20_000), 'function', []]
    const data = [{ language: 'python' }, ...Array.from({ length: 3_000 }, () => ({ stack: Array(100).fill(frame) }))]
    const { languages } = readLanguages(data)
    expect(languages[0]?.stacks.length).toBeLessThanOrEqual(1_024)
    expect(languages[0]?.stacks.flatMap(({ frames }) => frames).length).toBeLessThanOrEqual(8_192)
    expect(readLanguages([{ language: 'x' }, 1, null, { language: 'python' }, { stack: [1, null, [2]] }]).languages)
      .toMatchObject([
        { stacks: [{ frames: [{ function: '?' }, { function: '?' }, { function: '?' }] }] },
      ])
  })
})

describe('what a native frame is to an interpreter', () => {
  const library = (path: string, start: bigint) =>
    resolvedModule({ module: { ...resolvedModule().module, kind: 'library', path, start, end: start + 0x1000n } })
  const jvm = library('/usr/lib/jvm/lib/server/libjvm.so', 0x10_0000n)
  const node = library('/usr/lib/x86_64-linux-gnu/libnode.so.108', 0x20_0000n)
  const python = library('/usr/lib64/libpython3.13.so.1.0', 0x30_0000n)
  const made = (start: bigint, flags: number) => ({
    start,
    memorySize: 0x1000n,
    fileOffset: 0n,
    fileSize: 0x1000n,
    dumped: 0x1000n,
    flags,
  })
  const roleAt = (pc: bigint, module: typeof jvm, in_?: typeof jvm, name?: string) => {
    const [frame] = reportThread(name, in_ ?? jvm).frames
    if (frame === undefined) throw new Error('Expected a frame')
    const segments = [made(0x50_0000n, 7), made(0x51_0000n, 6)]
    const core = { ...WHOLE_CORE, segments, modules: [module.module] }
    const said = readLanguages([{ language: 'java' }, { loop: ['0x500000', '0x500800'] }])
    const { roleOf } = reportLanguages({ core, modules: [module], threads: [], said })
    return roleOf({ ...frame, pc, module: in_ })
  }

  it('code that was made while it ran is of the JIT, but for the loop, where an interpreter makes code', () => {
    expect(roleAt(0x50_0900n, jvm)).toBe('jit')
    expect(roleAt(0x50_0100n, jvm)).toBe('interpreter')
    expect(roleAt(0x50_0900n, node)).toBe('jit')
    expect(roleAt(0x50_0900n, python)).toBeUndefined()
    expect(roleAt(0x51_0100n, jvm)).toBeUndefined()
    expect(roleAt(0x99_0000n, jvm)).toBeUndefined()
  })

  it('its own functions are its runtime, and no other module is', () => {
    expect(roleAt(0x10_0100n, jvm, jvm, 'Unsafe_PutInt')).toBe('runtime')
    expect(roleAt(0x30_0100n, python, python, '_PyEval_EvalFrameDefault')).toBe('interpreter')
    expect(roleAt(0x30_0100n, python, jvm, 'f')).toBeUndefined()
  })
})
