/**
 * What gdb loads besides the modules: the thread library of the target's glibc and the pretty printers of its
 * libstdc++; and what is read out of the memory of a C++ program that nobody caught the exception of.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, crash, fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, type Retraced, retraceIn, type RetraceOptions } from '../../helpers/retrace.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

let roots = 0

async function retrace(program: string, args: string[] = [], change: (root: string) => RetraceOptions = () => ({})) {
  const core = crash(folder.path, program, args)
  const root = folder.file('roots', String(++roots))
  copyModules(core, root)
  return await retraceIn(core, root, change(root))
}

function local({ json }: Retraced, of: string, name: string) {
  const frame = json.threads[0]?.frames.find((each) => each.function?.includes(of))
  return [...frame?.arguments ?? [], ...frame?.locals ?? []].find((each) => each.name === name)
}

const THREAD_LOCAL = `
#include <pthread.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
static __thread int mine = 5;
static void *work(void *number) {
  static __thread struct { int id; char name[8]; } own;
  own.id = mine = (int)(long)number;
  own.name[0] = 'n';
  open("/nonexistent", O_RDONLY);
  if (mine == 11) { usleep(200000); *(volatile int *)0 = own.id; }
  pause();
  return 0;
}
int main(void) {
  pthread_t a, b;
  pthread_create(&a, 0, work, (void *)10);
  pthread_create(&b, 0, work, (void *)11);
  pthread_join(b, 0);
}
`

describe('the thread library', () => {
  it("the thread library of the target's libc6 shows the thread-local variables of each thread", async () => {
    const program = compile(folder.path, 'threadlocal.c', THREAD_LOCAL, ['-O0', '-pthread'])
    const { json, text } = await retrace(program)
    const owns = json.threads.flatMap((thread) => thread.frames.filter((frame) => frame.function === 'work'))
      .map((frame) => frame.locals.find(({ name }) => name === 'own'))
    expect(owns).toEqual([
      expect.objectContaining({ state: 'whole', value: expect.stringMatching(/^\{id = 11, name = "n/) }),
      expect.objectContaining({ state: 'whole', value: expect.stringMatching(/^\{id = 10, name = "n/) }),
    ])
    expect(text).toMatch(/^ +own = \{id = 11, name = "n/m)
  })

  it("shows thread-local values as unavailable, not by the debugger's thread library, when that of the target is not there", async () => {
    const program = compile(folder.path, 'alone.c', THREAD_LOCAL, ['-O0', '-pthread'])
    const retraced = await retrace(program, [], () => ({ companions: { threadLibraries: new Map() } }))
    expect(local(retraced, 'work', 'own')).toMatchObject({ state: 'unavailable' })
    expect(retraced.debugged.warnings.join()).toContain('Unable to find libthread_db')
  })

  it.each(['s390x', 'arm64', 'armhf', 'ppc64el', 'i386'] as const)(
    'a thread library for the debugger, of the same version, names the threads of a core of %s as gdb with everything does',
    async (architecture) => {
      const root = folder.file('of', architecture)
      mkdirSync(root, { recursive: true })
      const { core, expected } = fixtureCore(architecture, root)
      fixtureFiles(architecture, root)
      const path = '/usr/lib/x86_64-linux-gnu'
      const threads = new Map([['amd64' as const, { path, packageDir: path }]])
      const { debugged, text } = await retraceIn(core, root, { companions: { threadLibraries: threads } })
      const headings = (said: string) => said.split('\n').filter((line) => /^Thread \d+ \(Thread 0x/.test(line))
      expect(headings(text)).toHaveLength(3)
      expect(headings(text)).toEqual(headings(expected))
      expect(debugged.warnings.join()).not.toContain('Unable to find libthread_db')
    },
  )
})

describe('the pretty printers of libstdc++', () => {
  it('show containers as what they hold, in the text and in JSON', async () => {
    const retraced = await retrace(compileFixture(folder.path, 'containers.cc', 'containers', ['-O0']))
    expect(retraced.debugged.conversation?.problems).toEqual([])
    const value = (name: string) => local(retraced, 'shop::total', name)?.value
    expect(value('prices')).toBe('std::map with 2 elements = {["apple"] = 3, ["pear"] = 4}')
    expect(value('words')).toBe(
      'std::vector of length 3, capacity 3 = {"one", "two, three", "a \\"quoted\\" word"}',
    )
    expect(value('owner')).toMatch(/^std::unique_ptr<int> = \{get\(\) = 0x[0-9a-f]+\}$/)
    expect(value('discount')).toBe('std::optional<double> = {[contained value] = 0.25}')
    expect(value('order')).toContain('key = "a key that is too long for the small buffer"')
    expect(local(retraced, 'shop::total', 'where')).toMatchObject({ type: 'int *', kind: 'pointer', value: '0x0' })
    expect(retraced.text).toMatch(/^ +prices = std::map with 2 elements = \{/m)
  })

  it('cut what is long, and say so', async () => {
    const source = `
      #include <vector>
      #include <string>
      int main() {
        std::vector<int> many(100000); for (int i = 0; i < 100000; i++) many[i] = i;
        std::string text(100000, 'x'); text[7] = 'y';
        std::vector<std::string> wide; for (int i = 0; i < 400; i++) wide.push_back(std::string(150, 'a' + i % 7));
        std::vector<std::vector<std::vector<int>>> nested(100, {100, std::vector<int>(100, 1)});
        std::vector<std::string> after = {"still shown"};
        return *(volatile int *)0 + many[5] + text[5] + wide.size() + nested.size() + after.size();
      }`
    const retraced = await retrace(compile(folder.path, 'long.cc', source, ['-O0']))
    const [many, text, wide] = ['many', 'text', 'wide'].map((name) => local(retraced, 'main', name))
    expect(many).toMatchObject({ state: 'cut', value: expect.stringMatching(/length 100000.*, 199\.\.\.\}$/) })
    expect(text).toMatchObject({ state: 'cut', value: `"xxxxxxxy", 'x' <repeats 192 times>...` })
    expect(wide?.state).toBe('cut')
    expect(wide?.value.length).toBeLessThan(5_000)
    expect(local(retraced, 'main', 'nested')).toMatchObject({ state: 'cut' })
    const [nested = ''] = /^ +nested = .*$/m.exec(retraced.text) ?? []
    expect(nested).toContain('<error reading variable: the value has too many elements>')
    expect(nested.length).toBeLessThan(50_000)
    expect(local(retraced, 'main', 'after')?.value).toContain('{"still shown"}')
  })

  it.each([
    ['fail', 'raise ValueError("no\\nno")', 'no no'],
    ['hang', 'while True: pass', 'the pretty printer took too long'],
  ])('pretty printers of libstdc++ that %s cost nothing but their own values', async (_, code, why) => {
    const retraced = await retrace(compileFixture(folder.path, 'containers.cc', 'broken', ['-O0']), [], (root) => {
      const place = join(root, 'usr/share/gcc/python/libstdcxx/v6')
      rmSync(place, { recursive: true })
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, '__init__.py'), '')
      const printer = `class P:\n def to_string(self):\n  ${code}`
      const find = 'lambda value: P() if "std::" in str(value.type) else None'
      const register = `def register_libstdcxx_printers(obj):\n gdb.pretty_printers.append(${find})`
      writeFileSync(join(place, 'printers.py'), `import gdb\n${printer}\n${register}\n`)
      return { seconds: 12 }
    })
    expect(retraced.json.threads[0]?.frames.map((frame) => frame.function)).toContain('shop::total')
    expect(retraced.text).toMatch(/^#0 .*shop::total \(/m)
    expect(retraced.text).toMatch(/^ +sum = \d+$/m)
    expect(retraced.text).toContain(`<error reading variable: ${why}>`)
    expect(retraced.text).not.toContain('Python Exception')
    expect(parseSatyr(retraced.text).threads[0]?.frames[0]?.function).toBe('shop::total')
    expect(local(retraced, 'shop::total', 'where')).toMatchObject({ value: '0x0', state: 'whole' })
    expect(Object.keys(retraced.json.registers).length).toBeGreaterThan(10)
  })
})

describe('a C++ exception that nobody caught', () => {
  it('names a C++ exception that nobody caught with its type and its text', async () => {
    const { json, text } = await retrace(compileFixture(folder.path, 'exception.cc', 'uncaught', ['-O1']))
    expect(json.messages.exception).toEqual({ type: 'std::out_of_range', what: 'value 3 is too large' })
    expect(text).toContain(
      "\n\nterminate called after throwing an instance of 'std::out_of_range'\n  what():  value 3 is too large\n",
    )
  })

  it.each([
    [
      'a class of the program',
      'namespace shop { struct Closed { int day; }; }',
      'throw shop::Closed{7}',
      'shop::Closed',
      null,
    ],
    ['a number', '', 'throw 42', 'int', null],
    [
      'a derived class',
      'struct Mine : std::runtime_error { using runtime_error::runtime_error; };',
      'throw Mine("mine")',
      'Mine',
      'mine',
    ],
    ['one out of noexcept', 'void f() noexcept { throw std::logic_error("odd"); }', 'f()', 'std::logic_error', 'odd'],
    [
      'one thrown again',
      '',
      'try { throw std::runtime_error("x"); } catch (...) { throw; }',
      'std::runtime_error',
      'x',
    ],
  ])('names a C++ exception that nobody caught when it is %s', async (_, declarations, statement, type, what) => {
    const source = `#include <stdexcept>\n${declarations}\nint main() { ${statement}; }`
    const { json } = await retrace(compile(folder.path, `throws${++roots}.cc`, source, ['-w']))
    expect(json.messages.exception).toEqual({ type, what })
  })

  it('looks for no C++ exception where nothing was thrown', async () => {
    const { json } = await retrace(compile(folder.path, 'aborts.c', '#include <stdlib.h>\nint main() { abort(); }'))
    expect(json.messages.exception).toBeNull()
  })
})
