/**
 * Starts a bundle with what V8 made of it when it was built: `node start.cjs PROGRAM.cjs [ARGUMENT...]`. Compiling takes a fifth of
 * a task's processor time in Node otherwise. Beside the bundle lies PROGRAM.cache; another Node than that of the build, or other
 * flags, another text or a damaged cache throw it away, and compile (V8 itself compares the length of the text alone). ops/lib/build makes it: `node start.cjs --cache PROGRAM.cjs [ARGUMENT...]`.
 */
'use strict'
const { Buffer } = require('node:buffer')
const { createHash } = require('node:crypto')
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const process = require('node:process')
const { Script } = require('node:vm')

const isMaking = process.argv[2] === '--cache'
const program = process.argv[isMaking ? 3 : 2]
const cache = program.replace(/\.cjs$/, '.cache')
process.argv.splice(1, isMaking ? 2 : 1)
const DIGEST = 32
const digest = (bytes) => createHash('sha256').update(bytes).digest()
// All of it is ASCII, as esbuild writes it.
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(program, 'latin1')}\n})`
const script = new Script(source, { filename: program, cachedData: isMaking ? undefined : known() })
// By then what a task needs was compiled.
if (isMaking) {
  process.on('exit', () => {
    const data = script.createCachedData()
    writeFileSync(cache, Buffer.concat([digest(source), digest(data), data]))
  })
}
const made = { exports: {} }
script.runInThisContext()(made.exports, createRequire(program), made, program, dirname(program))

function known() {
  try {
    const bytes = readFileSync(cache)
    const data = bytes.subarray(2 * DIGEST)
    const isOurs = bytes.subarray(0, 2 * DIGEST).equals(Buffer.concat([digest(source), digest(data)]))
    return isOurs ? data : undefined
  } catch {
    return undefined
  }
}
