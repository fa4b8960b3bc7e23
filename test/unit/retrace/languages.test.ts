/** What is concluded of interpreters: what they were given to run, and what a frame is to them. */
import { describe, expect, it } from 'vitest'
import { interpretersOf, type Language, versionInName } from '../../../workers/retrace/gdb/interpreters.ts'
import { readLanguages } from '../../../workers/retrace/gdb/languages.ts'
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
