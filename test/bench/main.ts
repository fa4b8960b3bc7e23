/**
 * `npm run bench [-- --only http|packages|worker|programs|large|uploads|load]`: one JSON line per figure; what misses its goal is
 * named again at the end, and the exit code is 1.
 */
import { argv, exit, stderr, stdout } from 'node:process'
import type { Figure } from './figure.ts'

type Suite = { figures(): AsyncIterable<Figure> }

const SUITES: Record<string, () => Promise<Suite>> = {
  http: () => import('./http.ts'),
  packages: async () => together(await import('./queries.ts'), await import('./packages.ts'), await import('./rpm.ts')),
  worker: () => import('./worker.ts'),
  programs: async () =>
    together(await import('./programs.ts'), await import('./at_once.ts'), await import('./cold.ts')),
  large: () => import('./large.ts'),
  uploads: () => import('./uploads.ts'),
  load: async () => together(await import('./crowd.ts'), await import('./admission.ts'), await import('./load.ts')),
}

function together(...suites: Suite[]): Suite {
  return {
    async *figures() {
      for (const suite of suites) yield* suite.figures()
    },
  }
}

function chosen(): string[] {
  const words = argv.slice(2)
  if (words.length === 0) return Object.keys(SUITES)
  const name = words[0] === '--only' ? words[1] : words[0]?.match(/^--only=(.*)$/)?.[1]
  if (name === undefined || !(name in SUITES)) {
    stderr.write(`usage: npm run bench [-- --only ${Object.keys(SUITES).join('|')}]\n`)
    exit(2)
  }
  return [name]
}

const missed: Figure[] = []
for (const name of chosen()) {
  stderr.write(`bench: ${name}\n`)
  const suite = await SUITES[name]?.()
  for await (const figure of suite?.figures() ?? []) {
    stdout.write(`${JSON.stringify(figure)}\n`)
    if (!figure.ok) missed.push(figure)
  }
}
for (const { name, ratio, ours, unit, goal } of missed) {
  stderr.write(`bench: missed: ${name}: ${ratio === null ? `${ours} ${unit}` : `${ratio}x`}, the goal is ${goal}\n`)
}
exit(missed.length === 0 ? 0 : 1)
