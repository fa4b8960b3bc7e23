/** What libraries said before they gave up, in the one sentence on top of a backtrace. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, retraceIn, type RetraceOptions } from '../../helpers/retrace.ts'

const C = `
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
static void *work(void *what) { assert(what == NULL && "a (b) 'c'"); return NULL; }
static int compare(const void *a, const void *b) { abort(); }
int main(int argc, char **argv) {
  if (!strcmp(argv[1], "assert")) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, argv);
    pthread_join(thread, NULL);
  }
  if (!strcmp(argv[1], "copy")) { char small[4]; strcpy(small, argv[0]); return small[0]; }
  if (!strcmp(argv[1], "sort")) { int all[2] = {2, 1}; qsort(all, 2, sizeof *all, compare); }
  return 0;
}
`

const PLUS = `
#include <stdexcept>
#include <string>
#include <vector>
#include <exception>
#include <filesystem>
struct Own { int code; };
struct Tag { int number = 5; virtual ~Tag() {} };
struct Second : Tag, std::runtime_error { Second() : std::runtime_error("of two bases") {} };
struct Shared : virtual std::runtime_error { int number = 7; Shared() : std::runtime_error("of a virtual base") {} };
#include <cxxabi.h>
#include <cstdlib>
#include <typeinfo>
struct Fake : std::type_info { Fake(const char *name) : type_info(name) {} };
// P<P<...>, P<...>>, each level by a substitution that stands for all within.
static std::string bomb() {
  std::string name = "1PI";
  for (int n = 0; n < 40; n++) name += "S_I";
  name += "3Own";
  for (int n = 0; n <= 40; n++) name += std::string("S") + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36] + "_E";
  return name;
}
__attribute__((noinline)) void quiet() noexcept { throw std::runtime_error("not out of here"); }
__attribute__((noinline)) void thrower(const std::string &what) {
  if (what == "text") throw std::runtime_error("cannot open 'x'");
  if (what == "virtual") { struct Base { Base() { call(); } void call() { work(); } virtual void work() = 0; };
    struct Derived : Base { void work() override {} } made; made.work(); }
  if (what == "own") throw Own{3};
  if (what == "second") throw Second();
  if (what == "shared") throw Shared();
  if (what == "nested" || what == "handled") try { throw std::runtime_error("inner"); } catch (...) {
    if (what == "handled") throw std::logic_error("in a handler");
    std::throw_with_nested(std::logic_error("outer"));
  }
  if (what == "quiet") quiet();
  if (what == "new") { char *p = new char[(size_t)-1 / 4]; p[1] = 1; }
  if (what == "again") { std::exception_ptr p; try { throw std::runtime_error("first"); } catch (...) { p = std::current_exception(); } std::rethrow_exception(p); }
  if (what == "file") (void)std::filesystem::file_size("/nonexistent");
  if (what == "unread" || what == "bomb") {
    std::set_terminate(abort);  // what libstdc++ does would fail over these itself
    void *thrown = abi::__cxa_allocate_exception(sizeof(std::runtime_error));
    new (thrown) std::runtime_error("gone");
    ((volatile long *)thrown)[1] = 16;
    static std::string name = bomb();
    const std::type_info *type = what == "bomb" ? new Fake(name.c_str()) : &typeid(std::runtime_error);
    abi::__cxa_throw(thrown, (std::type_info *)type, 0);
  }
  if (what == "at") { std::vector<int> none; none.at(what.size()); }
}
int main(int argc, char **argv) { thrower(argv[1]); }
`

let folder: Folder
let [plain, plus] = ['', '']

beforeAll(async () => {
  folder = await temporaryFolder()
  plain = compile(folder.path, 'plain.c', C, ['-pthread', '-w', '-D_FORTIFY_SOURCE=2'])
  plus = compile(folder.path, 'plus.cc', PLUS, ['-w'])
})

afterAll(async () => await folder[Symbol.asyncDispose]())

async function sentenceOf(program: string, word: string, options: RetraceOptions = {}): Promise<string> {
  const core = crash(folder.path, program, [word])
  copyModules(core, folder.file('root'))
  return (await retraceIn(core, folder.file('root'), options)).json.sentence
}

describe('the sentence on top', () => {
  it('has the text of an assertion, and where it stands', async () => {
    expect(await sentenceOf(plain, 'assert'))
      .toMatch(/^plain of debian-12 failed the assertion 'what == NULL && "a \(b\) 'c'"' in work \(plain\.c:\d+\)$/)
  })

  it('names the function that aborted, not the one of the C library that called it', async () => {
    expect(await sentenceOf(plain, 'sort')).toMatch(/^plain of debian-12 aborted in compare \(plain\.c:\d+\)$/)
  })

  it('names the caller of what the C library has in its headers', async () => {
    expect(await sentenceOf(plain, 'copy'))
      .toMatch(/ before a buffer overflowed \('.* buffer overflow detected .*'\), in main \(plain\.c:\d+\)$/)
  })

  it.each([
    ['quiet', " exception std::runtime_error ('not out of here'), thrown in quiet (plus.cc:"],
    ['new', ' exception std::bad_alloc, thrown in thrower (plus.cc:'],
    ['again', " exception std::runtime_error ('first'), thrown in thrower (plus.cc:"],
    [
      'file',
      " exception std::filesystem::__cxx11::filesystem_error ('cannot get file size: No such file or directory'), thrown in thr",
    ],
    // What is not there costs the text alone, and a name that would fill gigabytes is shown as it is.
    ['unread', ' exception std::runtime_error, thrown in thrower (plus.cc:'],
    ['bomb', ' exception 1PIS_IS_IS_IS_'],
  ])('names who threw, behind all that handles exceptions: %s', async (word, expected) => {
    expect(await sentenceOf(plus, word)).toContain(expected)
    expect(await sentenceOf(plus, word, { hostDebug: true })).toContain(expected)
  })

  it('names the caller where the C library is a part of the program', async () => {
    const source = '#include <stdlib.h>\nvoid *twice;\nint main() { twice = malloc(24); free(twice); free(twice); }'
    const program = compile(folder.path, 'static.c', source, ['-static', '-w', '-fno-builtin'])
    expect(await sentenceOf(program, '')).toMatch(
      /^static of debian-12 was aborted by the C library, .* \('free\(\): double free .*'\), in main \(static\.c:3\)$/,
    )
  })

  it.each([
    ['nested', "std::_Nested_exception<std::logic_error> ('outer'), thrown in"],
    ['second', "Second ('of two bases'), thrown in"],
    ['shared', "Shared ('of a virtual base'), thrown in"],
    ['handled', "std::logic_error ('in a handler'), thrown in"],
  ])('has what() of an exception with several bases, and of one of several exceptions: %s', async (word, expected) => {
    expect(await sentenceOf(plus, word)).toContain(` exception ${expected}`)
  })

  it('has type and what() of an uncaught exception, and who threw it', async () => {
    expect(await sentenceOf(plus, 'text')).toMatch(
      /^plus of debian-12 ended by an uncaught exception std::runtime_error \('cannot open 'x''\), thrown in thrower \(plus\.cc:\d+\)$/,
    )
    // The frame of raise() is C then, whose debuginfo is here.
    expect(await sentenceOf(plus, 'text', { hostDebug: true })).toContain("std::runtime_error ('cannot open")
    expect(await sentenceOf(plus, 'own'))
      .toMatch(/^plus of debian-12 ended by an uncaught exception Own, thrown in thrower \(plus\.cc:\d+\)$/)
    expect(await sentenceOf(plus, 'virtual')).toMatch(/^plus of debian-12 called a pure virtual function in /)
    expect(await sentenceOf(plus, 'at')).toMatch(
      / exception std::out_of_range \('vector::_M_range_check: .*'\), thrown in /,
    )
  })
})
