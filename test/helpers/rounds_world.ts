/** Crashes whose memory lies far apart, so that a slim core of a small budget lacks some, and packages that have their files. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorld } from '../integration/packages/world.ts'
import { compile, fixtureCore, fixtureFiles } from './cores.ts'
import type { Folder } from './folder.ts'
import { crashInRoot } from './foreign_root.ts'

const PROGRAM = '/usr/bin/rounds'
const THREADED = '/usr/bin/threaded'

/** Each frame has a text, and one that the text before leads to; each a page of its own. */
const SOURCE = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { char *name; struct node *next; double weights[40]; };
__attribute__((noinline)) int deep(int depth, struct node *nodes) {
  char *text = strcpy(malloc(20000), "text number  ");
  struct node *here = calloc(1, 20000), copy = { text, nodes, { 1.5 } };
  text[12] = 'a' + depth;
  here->name = text;
  here->next = nodes;
  if (depth == 0) *(volatile int *)0 = copy.weights[0];
  return deep(depth - 1, here) + (int)strlen(text) + copy.next->weights[3];
}
int main(int argc, char **argv) { struct node last = { argv[0], 0, { argc } }; return deep(20, &last); }
`

/** Each thread has a text of its own in the heap; the kernel dumps the code, too, of which a slim core leaves out what nothing leads to. */
const THREADS = `#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) int wait_for(char *name, int *number) { for (;;) pause(); return name[0] + *number; }
static void *run(void *number) {
  char *name = malloc(30000);
  int *own = malloc(30000);
  sprintf(name, "thread number %d", *own = (int)(long)number);
  return (void *)(long)wait_for(name, own);
}
int main(void) {
  FILE *filter = fopen("/proc/self/coredump_filter", "w");
  fputs("0x7f", filter);
  fclose(filter);
  for (long at = 0; at < 12; at++) { pthread_t each; pthread_create(&each, NULL, run, (void *)at); }
  usleep(200000);
  *(volatile int *)0 = 1;
}
`

export interface RoundsWorld extends AsyncDisposable {
  readonly core: string
  /** Of a program of 13 threads. */
  readonly threaded: string
  /** Of another architecture: s390x, which writes numbers the other way round. */
  readonly foreign: string
  /** Settings of a server that has its packages. */
  readonly settings: Record<string, string>
}

export async function roundsWorld(folder: Folder): Promise<RoundsWorld> {
  const [root, place] = [folder.file('root'), folder.file('place')]
  const other = folder.file('other')
  for (const each of [join(root, 'usr/bin'), place, other]) mkdirSync(each, { recursive: true })
  const options = ['-O0', '-w', '-static', '-pthread']
  copyFileSync(compile(folder.path, 'rounds.c', SOURCE, options), join(root, PROGRAM))
  copyFileSync(compile(folder.path, 'threaded.c', THREADS, options), join(root, THREADED))
  const core = crashInRoot(root, place, [PROGRAM])
  const threaded = crashInRoot(root, other, [THREADED])
  const files = folder.file('s390x')
  mkdirSync(files)
  fixtureFiles('s390x', files)
  const world = await makeWorld()
  world.repository.add({ name: 'rounds', version: '1', files: { [PROGRAM]: { copy: join(root, PROGRAM) } } })
  world.repository.add({ name: 'threaded', version: '1', files: { [THREADED]: { copy: join(root, THREADED) } } })
  world.repository.add({ name: 'crash', version: '1', architecture: 's390x', files: filesIn(files) })
  world.configure({ Architectures: 'amd64 s390x' })
  world.repository.publish({})
  await world.sync()
  const { RETRACE_REPO_DIR = '', RETRACE_REPOS_D = '', RETRACE_DATABASE = '' } = world.environment
  return {
    core,
    threaded,
    foreign: fixtureCore('s390x', folder.path).core,
    settings: { RETRACE_REPO_DIR, RETRACE_REPOS_D, RETRACE_DATABASE },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

function filesIn(root: string): Record<string, { copy: string }> {
  const all = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(all.map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path.slice(root.length), { copy: path }]
  }))
}
