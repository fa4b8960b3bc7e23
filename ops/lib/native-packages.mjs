// Prints the packages that the bundles leave to node_modules, since they have a native half (ops/lib/build), and what those
// need: a folder a line, relative to the root. What is optional and not there is left out.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Needed when they are built, and never after. */
const OF_THE_BUILD = ['prebuild-install', 'node-addon-api']
const found = new Set()
const left = ['better-sqlite3', 'better-sqlite3-13', 'lzma-native'].map((name) => ({ name, from: '' }))
for (let next = left.pop(); next !== undefined; next = left.pop()) {
  const { name, from } = next
  const path = [join(from, 'node_modules', name), join('node_modules', name)]
    .find((each) => existsSync(join(ROOT, each, 'package.json')))
  if (path === undefined || found.has(path)) continue
  found.add(path)
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'))
  const needed = Object.keys(dependencies).filter((each) => !OF_THE_BUILD.includes(each))
  for (const each of needed) left.push({ name: each, from: path })
}
for (const path of [...found].sort()) console.log(path)
