/** A crash whose locals lie far apart in its heap, so that a slim core of a small budget lacks them, and packages that have its files. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorld } from '../integration/packages/world.ts'
import { compile } from './cores.ts'
import type { Folder } from './folder.ts'
import { crashInRoot } from './foreign_root.ts'

const PROGRAM = '/usr/bin/rounds'

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

export interface RoundsWorld extends AsyncDisposable {
  readonly core: string
  /** Settings of a server that has its packages. */
  readonly settings: Record<string, string>
}

export async function roundsWorld(folder: Folder): Promise<RoundsWorld> {
  const [root, place] = [folder.file('root'), folder.file('place')]
  for (const each of [join(root, 'usr/bin'), place]) mkdirSync(each, { recursive: true })
  copyFileSync(compile(folder.path, 'rounds.c', SOURCE, ['-O0', '-w', '-static']), join(root, PROGRAM))
  const core = crashInRoot(root, place, [PROGRAM])
  const world = await makeWorld()
  world.repository.add({ name: 'rounds', version: '1', files: { [PROGRAM]: { copy: join(root, PROGRAM) } } })
  world.repository.publish({})
  await world.sync()
  const { RETRACE_REPO_DIR = '', RETRACE_REPOS_D = '', RETRACE_DATABASE = '' } = world.environment
  return {
    core,
    settings: { RETRACE_REPO_DIR, RETRACE_REPOS_D, RETRACE_DATABASE },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}
