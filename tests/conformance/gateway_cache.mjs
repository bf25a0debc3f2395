// Runs the package `http-cache-tests`, unchanged, against GRAVITY_CACHE_URL and prints as JSON what became of each test. GRAVITY_CACHE_TESTS: its folder.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const root = process.env.GRAVITY_CACHE_TESTS
const part = path => import(pathToFileURL(`${root}/${path}`))
const { runTests, getResults } = await part('client/runner.mjs')
const { determineTestResult } = await part('lib/display.mjs')
const suites = (await part('tests/index.mjs')).default
const fetch = createRequire(`${root}/package.json`)('node-fetch')

const names = { '✅': 'pass', '⛔️': 'fail', '⚠️': 'optional_fail', Y: 'yes', N: 'no', '🔹': 'setup_fail', '⁉️': 'harness_fail', '⚪️': 'dependency_fail', '↻': 'retry', '-': 'untested' }
const only = process.argv[2]
for (const suite of suites) if (only) suite.tests = suite.tests.filter(test => test.id === only && (test.dump = true))
await runTests(suites, fetch, false, process.env.GRAVITY_CACHE_URL)
const results = getResults()
const told = {}
for (const suite of suites) {
  for (const test of suite.tests) {
    if (test.browser_only) continue
    const result = results[test.id]
    told[test.id] = { kind: test.kind ?? 'required', result: names[determineTestResult(suites, test.id, results, !only)[2]], why: Array.isArray(result) ? result[1] : '' }
  }
}
console.log('RESULTS ' + JSON.stringify(told))
process.exit(0) // connections that are kept alive would hold it
