/**
 * Starts a bundle with what V8 made of it when it was built: `node start.cjs PROGRAM.cjs [ARGUMENT...]`. Compiling takes a fifth of
 * a task's processor time in Node otherwise. Beside the bundle lies PROGRAM.cache; another Node than that of the build, or other
 * flags, throw it away, and compile. ops/lib/build makes it: `node start.cjs --cache PROGRAM.cjs [ARGUMENT...]`.
 */
'use strict'
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const process = require('node:process')
const { Script } = require('node:vm')

const isMaking = process.argv[2] === '--cache'
const program = process.argv[isMaking ? 3 : 2]
const cache = program.replace(/\.cjs$/, '.cache')
process.argv.splice(1, isMaking ? 2 : 1)
// All of it is ASCII, as esbuild writes it.
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(program, 'latin1')}\n})`
const script = new Script(source, { filename: program, cachedData: isMaking ? undefined : known() })
// By then what a task needs was compiled.
if (isMaking) process.on('exit', () => writeFileSync(cache, script.createCachedData()))
const made = { exports: {} }
script.runInThisContext()(made.exports, createRequire(program), made, program, dirname(program))

function known() {
  try {
    return readFileSync(cache)
  } catch {
    return undefined
  }
}
