/** The reader against crashes made on the spot, with eu-unstrip beside it. */
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Core, moduleAt, readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { cpuMilliseconds } from '../../helpers/cpu.ts'
import { compile, crash, crashPython, kernelWritesCoresHere, run } from '../../helpers/cores.ts'

const folder = mkdtempSync(join(tmpdir(), 'elf-crash-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(path: string): Core {
  using source = fileSource(path)
  return readCore(source)
}

/** What `eu-unstrip -n --core` says: address and build-id of each module. */
function unstrip(path: string): { start: bigint; buildId: string }[] {
  return run('eu-unstrip', ['-n', `--core=${path}`]).text.trim().split('\n').map((line) => {
    const [place = '', id = ''] = line.split(' ')
    return { start: BigInt(place.split('+')[0] ?? '0'), buildId: id.split('@')[0] ?? '' }
  })
}

function modules(core: Core): { start: bigint; buildId: string }[] {
  return core.modules.map(({ start, buildId = '-' }) => ({ start, buildId }))
}

function byStart(a: { start: bigint }, b: { start: bigint }): number {
  return a.start < b.start ? -1 : 1
}

const CRASH = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
static void filter(const char *value) {
  FILE *file = fopen("/proc/self/coredump_filter", "w");
  fputs(value, file);
  fclose(file);
}
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!strncmp(argv[i], "filter=", 7)) filter(argv[i] + 7);
    else if (!strncmp(argv[i], "load=", 5)) { if (!dlopen(argv[i] + 5, RTLD_NOW)) return 3; }
    else if (!strncmp(argv[i], "again=", 6)) { if (!dlmopen(LM_ID_NEWLM, argv[i] + 6, RTLD_NOW)) return 3; }
    else if (!strncmp(argv[i], "unlink=", 7)) unlink(argv[i] + 7);
    else if (!strncmp(argv[i], "map=", 4)) {
      int fd = open(argv[i] + 4, O_RDONLY);
      struct stat about;
      if (fstat(fd, &about)) return 3;
      volatile char *at = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
      (void)at[0];
    } else if (!strcmp(argv[i], "abort")) abort();
    else if (!strncmp(argv[i], "big=", 4)) {
      int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
      char *at = mmap(NULL, strtoull(argv[i] + 4, NULL, 10), PROT_READ | PROT_WRITE, how, -1, 0);
      at[0] = 1;
    } else if (!strncmp(argv[i], "pieces=", 7)) {
      for (long n = atol(argv[i] + 7); n > 0; n--)
        mmap(NULL, 4096, n % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
  }
  *(volatile int *)16 = 1;
}
`
const LIBRARY = 'int answer(void) { return 42; }'
const program = compile(folder, 'prog.c', CRASH)

describe('readCore() of a core of python3.11', () => {
  const path = crashPython(folder)
  const core = read(path)

  it('finds the modules, addresses and build-ids that eu-unstrip finds', () => {
    expect(modules(core).sort(byStart)).toEqual(unstrip(path).sort(byStart))
    expect(core.modules.length).toBeGreaterThan(7)
  })

  it('takes no locale archive and no gconv cache for a module, although they are mapped', () => {
    expect(core.files.map((file) => file.path).some((name) => name.includes('/locale/') || name.endsWith('.cache')))
      .toBe(true)
    expect(core.modules.filter((module) => /locale|\.cache$/.test(module.path))).toEqual([])
  })

  it('readCore() finds both names of a library: the real path and the link that the dynamic linker opened', () => {
    const ffi = core.modules.find((module) => module.path.includes('/libffi.so.'))
    expect(ffi?.path).toMatch(/^\/usr\/lib\/x86_64-linux-gnu\/libffi\.so\.8\.\d/)
    expect(ffi?.linkName).toBe('/lib/x86_64-linux-gnu/libffi.so.8')
  })

  it("names the module of the crashed thread's pc", () => {
    expect(moduleAt(core.modules, core.threads[0]?.pc ?? 0n)?.path).toMatch(/\/libc\.so\.6$/)
    expect(moduleAt(core.modules, 1n)).toBeUndefined()
  })
})

describe('readCore() of a crash made for it', () => {
  it('marks a library that was removed while it ran, and still has its build-id', () => {
    const library = compile(folder, 'libgone.so.c', LIBRARY, ['-shared', '-fPIC'])
    const { buildId } = unstripFile(library)
    const core = read(crash(folder, program, [`load=${library}`, `unlink=${library}`]))
    const module = core.modules.find((each) => each.path === library)
    expect(module).toMatchObject({ deleted: true, buildId, linkName: library, kind: 'library' })
    expect(core.modules.filter((each) => each.deleted)).toHaveLength(1)
  })

  it('finds one library twice when it was loaded into a second namespace', () => {
    const library = compile(folder, 'libtwice.so.c', LIBRARY, ['-shared', '-fPIC'])
    const core = read(crash(folder, program, [`load=${library}`, `again=${library}`]))
    const both = core.modules.filter((module) => module.path === library)
    expect(both).toHaveLength(2)
    expect(both.map((module) => [module.buildId, module.linkName])).toEqual([
      [unstripFile(library).buildId, library],
      [unstripFile(library).buildId, library],
    ])
  })

  it('takes an ELF file that was only read for no module', () => {
    const library = compile(folder, 'libread.so.c', LIBRARY, ['-shared', '-fPIC'])
    const core = read(crash(folder, program, [`map=${library}`, 'map=/etc/passwd']))
    expect(core.files.map((file) => file.path)).toEqual(expect.arrayContaining([library, '/etc/passwd']))
    expect(core.modules.map((module) => module.path)).not.toContain(library)
    expect(core.modules.map((module) => module.path)).not.toContain('/etc/passwd')
  })

  it('readCore() finds no build-id of a program that was linked without one', () => {
    const bare = compile(folder, 'bare.c', CRASH, ['-Wl,--build-id=none'])
    const [executable] = read(crash(folder, bare)).modules
    expect(executable).toMatchObject({ kind: 'executable', path: bare, buildId: undefined })
  })

  it('reads the package note of a program that carries one', () => {
    const script = join(folder, 'note.s')
    const json = '{"type":"deb","os":"debian","name":"noted","version":"1.0"}'
    writeFileSync(script, noteSection(json))
    const noted = compile(folder, 'noted.c', CRASH, [script])
    const [executable] = read(crash(folder, noted)).modules
    expect(executable?.packageNote).toBe(json)
    expect(executable?.buildId).toBe(unstripFile(noted).buildId)
  })

  it('says who sent the signal when a process did: abort() is the process itself', () => {
    const core = read(crash(folder, program, ['abort']))
    expect(core.siginfo).toMatchObject({ signal: 6, code: -6, address: undefined, senderPid: core.process?.pid })
    expect(core.siginfo?.senderUid).toBe(core.process?.uid)
  })

  it('readCore() finds the fault address of a NULL dereference with an offset', () => {
    expect(read(crash(folder, program)).siginfo).toMatchObject({ signal: 11, address: 16n, senderPid: undefined })
  })

  it('readCore() finds no fault address where the kernel has none: a non-canonical address', () => {
    const wild = compile(folder, 'wild.c', 'int main(void) { return *(volatile int *)0x8000000000000000; }')
    expect(read(crash(folder, wild)).siginfo).toMatchObject({ signal: 11, code: 0x80, address: undefined })
  })

  it('finds a small program once although its first page is mapped at several places', () => {
    const tiny = compile(folder, 'tiny.c', 'int main(void) { *(volatile int *)0 = 1; }', ['-Wl,-z,noseparate-code'])
    const core = read(crash(folder, tiny))
    expect(core.files.filter((file) => file.path === tiny && file.fileOffset === 0n).length).toBeGreaterThan(1)
    expect(core.modules.filter((module) => module.path === tiny).map((module) => module.kind)).toEqual(['executable'])
  })

  it('reads a core of a static program, which has no link map', () => {
    const core = read(
      crash(folder, compile(folder, 'static.c', 'int main(void) { *(volatile int *)0 = 1; }', ['-static-pie'])),
    )
    expect(core.modules.map((module) => module.kind)).toEqual(['executable', 'vdso'])
    expect(core.modules[0]?.buildId).toBe(unstripFile(join(folder, 'static')).buildId)
  })

  it("reads what gdb's generate-core-file writes as it reads the kernel's", () => {
    const path = crash(folder, program, [], { by: 'gdb' })
    const core = read(path)
    expect(core.siginfo).toMatchObject({ signal: 11, address: 16n })
    expect(core.threads).toHaveLength(1)
    expect(core.modules.map((module) => [module.kind, module.path]).at(0)).toEqual(['executable', program])
    const ids = core.modules.map((module) => module.buildId)
    expect(ids).toEqual(expect.arrayContaining(unstrip(path).map((each) => each.buildId)))
  })
})

describe.runIf(kernelWritesCoresHere())('readCore() of a core that lacks something', () => {
  it('finds the modules by their executable mappings when coredump_filter is 0, without build-ids', () => {
    const core = read(crash(folder, program, ['filter=0']))
    const paths = core.modules.filter((module) => module.kind !== 'vdso').map((module) => module.path)
    expect(paths[0]).toBe(program)
    expect(paths.some((path) => path.endsWith('/libc.so.6'))).toBe(true)
    expect(paths.some((path) => path.includes('ld-linux'))).toBe(true)
    expect(core.modules.filter((module) => module.kind !== 'vdso').every((module) => module.buildId === undefined))
      .toBe(true)
    expect(core.truncated).toBeUndefined()
    const mapped = core.segments.filter((segment) => segment.dumped > 0n)
    expect(mapped.length).toBeLessThan(core.segments.length / 2)
  })

  it('counts what a cut core lacks, and still reads the modules whose pages are there', () => {
    const whole = crash(folder, program)
    const cut = join(folder, 'cut')
    copyFileSync(whole, cut)
    const size = statSync(whole).size
    truncateSync(cut, size - 100_000)
    const core = read(cut)
    expect(core.truncated?.missingBytes).toBe(100_000n)
    expect(core.truncated?.segments).toBeGreaterThan(0)
    expect(core.segments.reduce((sum, segment) => sum + segment.fileSize - segment.dumped, 0n)).toBe(100_000n)
    expect(core.modules[0]).toMatchObject({ path: program, buildId: unstripFile(program).buildId })
    expect(core.threads).toEqual(read(whole).threads)
  })

  it('keeps the path and drops the build-id of a module whose page was cut off', () => {
    const whole = crash(folder, program)
    const cut = join(folder, 'cut-early')
    copyFileSync(whole, cut)
    const [first] = read(whole).segments
    truncateSync(cut, Number(first?.fileOffset))
    const core = read(cut)
    expect(core.truncated?.segments).toBe(core.segments.filter((segment) => segment.fileSize > 0n).length)
    expect(core.modules[0]).toMatchObject({ kind: 'executable', path: program, buildId: undefined })
  })

  it('reads a sparse core of over 4 GB without its pages: in milliseconds and little memory', () => {
    const path = crash(folder, program, ['big=4500000000'])
    expect(statSync(path).size).toBeGreaterThan(2 ** 32)
    let core = read(path)
    const milliseconds = cpuMilliseconds(() => core = read(path))
    console.log(`a core of ${statSync(path).size} bytes was read in ${milliseconds.toFixed(1)} ms`)
    expect(core.truncated).toBeUndefined()
    expect(modules(core).sort(byStart)).toEqual(unstrip(path).sort(byStart))
    expect(milliseconds).toBeLessThan(1000)
    rmSync(path)
  })

  it('reads thousands of mappings', () => {
    const core = read(crash(folder, program, ['pieces=6000']))
    expect(core.segments.length).toBeGreaterThan(5000)
    expect(core.modules[0]?.path).toBe(program)
  })
})

/** Build-id of a file by eu-unstrip's own reading. */
function unstripFile(path: string): { buildId: string } {
  return { buildId: run('eu-unstrip', ['-n', '-e', path]).text.split(' ')[1]?.split('@')[0] ?? '' }
}

/** Assembly of a .note.package as systemd's specification has it. */
function noteSection(json: string): string {
  return `.section .note.package,"a",@note
.align 4
.long 4
.long ${json.length + 1}
.long 0xcafe1a7e
.asciz "FDO"
.asciz ${JSON.stringify(json)}
.align 4
`
}
