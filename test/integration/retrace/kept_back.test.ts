/** Crashes whose sender kept values back: the frames of the whole core, and in no rendering anything that memory held. */
import { describe, expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { copyModules, type Retraced, retraceIn } from '../../helpers/retrace.ts'
import { slimTo } from '../../helpers/slim.ts'
import { KEPT_BACK } from '../../../workers/retrace/gdb/kept_back.ts'

const SOURCE = `#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdexcept>
#include <string>
struct secret { int number; char text[32]; double weight; const char *pointer; };
static void handler(int) { abort(); }
__attribute__((noinline)) int deep(int number, const char *text, secret by_value, const secret &reference, char *kind) {
  volatile int local = number; char array[32]; strcpy(array, text); std::string owned(text);
  union { float real; int bits; } both = { 1234.5f };
  if (!strcmp(kind, "null")) *(volatile int *)0 = number;
  if (!strcmp(kind, "wild")) *(volatile int *)0x53ec7e75ec7e70 = number;
  if (!strcmp(kind, "abort")) { char *twice = (char *)malloc(3000); free(twice); free(twice); }
  if (!strcmp(kind, "throw")) throw std::runtime_error(text);
  if (!strcmp(kind, "handler")) { signal(SIGSEGV, handler); *(volatile int *)0x53ec7e75ec7e70 = number; }
  return local + array[0] + by_value.number + reference.number + both.bits + (int)owned.size();
}
int main(int, char **argv) {
  secret one = { 31337, "s3cr3t-in-a-struct", 2718.28, "s3cr3t-of-the-file" };
  return deep(424242, argv[2], one, one, argv[1]) + 1;
}
`

const SECRETS = /s3cr3t|31337|7a69|424242|67932|2718\.28|1234\.5|53ec7e75|runtime_error\(|what\(\):/

describe('a core without values', () => {
  it.each(['null', 'wild', 'abort', 'throw', 'handler'])('of the kind "%s" tells its frames alone', async (kind) => {
    await using folder = await temporaryFolder()
    const program = compile(folder.path, 'secrets.cc', SOURCE, ['-O0', '-w'])
    const core = crash(folder.path, program, [kind, 's3cr3t-argument'], { environment: { TOKEN: 's3cr3t-token' } })
    slimTo(core, `${core}.valueless`, { keepsValues: false })
    const root = folder.file('root')
    copyModules(core, root)
    const [full, without] = [await retraceIn(core, root), await retraceIn(`${core}.valueless`, root)]
    const frames = ({ json }: Retraced) =>
      json.threads.map(({ frames }) => frames.map((each) => [each.function, each.line]))
    expect(frames(without)).toEqual(frames(full))
    // Constants of the code are the file's.
    const texts = ({ report }: Retraced) =>
      report.files.map(([, text]) =>
        text.replace(/"instructions":\[[^\]]*\]/g, '').replace(/^(=>| {2}) .*:\t.*$/gm, '')
      )
    expect(texts(full).some((text) => SECRETS.test(text))).toBe(true)
    for (const text of texts(without)) expect(text).not.toMatch(SECRETS)
    expect(without.text).toMatch(
      /deep \(number=<kept back by the sender>, text=(0x[0-9a-f]+|<kept back by the sender>)/,
    )
    const address = kind === 'null' ? 'accessed address 0x0' : kind === 'wild' ? `accessed an address ${KEPT_BACK}` : ''
    expect(without.text.split('\n')[0]).toContain(address)
    expect(without.text).toContain('Note: the sender kept all values back')
    expect(without.json.signature.stable).toBe(full.json.signature.stable)
  }, 60_000)
})
