// Adds up what ops/test ran: prints what was skipped and why, then the last line; exits 1 when anything failed.
import { existsSync, readFileSync } from 'node:fs'
import { argv, exit } from 'node:process'

const folder = argv[2]
const read = (name) => existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`, 'utf8') : ''

const count = { passed: 0, failed: 0, skipped: 0 }
for (const line of read('checks').split('\n').filter(Boolean)) count[line]++

const vitest = JSON.parse(read('vitest.json') || '{"testResults":[]}')
for (const file of vitest.testResults) {
  if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) count.failed++
  for (const test of file.assertionResults) {
    if (test.status === 'passed') count.passed++
    else if (test.status === 'failed') count.failed++
    else count.skipped++
    if (test.status === 'failed') console.log(`failed: ${test.fullName}`)
    if (test.status === 'skipped') console.log(`skipped: ${test.fullName}`)
  }
}

for (const line of read('deno.tap').split('\n')) {
  if (/^ok .*# SKIP/i.test(line)) count.skipped++
  else if (/^ok /.test(line)) count.passed++
  else if (/^not ok /.test(line)) count.failed++
}

// A runner that ended badly without a failed test (it crashed, found no test, or a hook failed) is a failure too.
for (const runner of read('ended-badly').split('\n').filter(Boolean)) {
  if (count.failed === 0) {
    console.log(`failed: ${runner} ended badly`)
    count.failed++
  }
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
exit(count.failed === 0 ? 0 : 1)
