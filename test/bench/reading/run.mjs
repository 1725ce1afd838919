// CHROME_PATH=... node test/bench/reading/run.mjs FILE [WAY:BYTES:STREAMS ...]
// Reads a file in two workers in some ways, in turn, and prints medians: milliseconds, CPU time of all processes, chunks.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright'

const ROUNDS = 3
const WAYS = [
  'filled:524288:2',
  'byob:524288:2',
  'byob:2097152:2',
  'filled:524288:1',
  'filled:524288:8',
  'filled:524288:16',
  'stream:0:2',
  'slices:4194304:1',
  'slices:917504:1',
  'sync:4194304:1',
]
const executablePath = process.env.CHROME_PATH
const [file, ...asked] = process.argv.slice(2)
if (!executablePath || !file) throw new Error('CHROME_PATH names the browser, the argument a large file')

const FILES = { '/': ['page.html', 'text/html'], '/worker.mjs': ['worker.mjs', 'text/javascript'] }
const server = createServer(({ url }, answer) => {
  if (!(url in FILES)) return answer.writeHead(404).end()
  const [name, type] = FILES[url]
  answer.writeHead(200, { 'content-type': type }).end(readFileSync(new URL(name, import.meta.url)))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

/** Milliseconds of CPU time of this browser's processes so far; a tick is 10. */
function cpuTime() {
  let sum = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(executablePath)) continue
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      sum += 10 * (Number(fields[11]) + Number(fields[12]))
    } catch {
      // It has ended.
    }
  }
  return sum
}

const args = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
]
const browser = await chromium.launch({ executablePath, headless: true, args })
const page = await browser.newPage()
await page.goto(`http://127.0.0.1:${server.address().port}/`)
await page.setInputFiles('input', file)
const ways = (asked.length > 0 ? asked : WAYS).map((text) => ({ text, seen: [] }))
for (let round = 0; round <= ROUNDS; round++) {
  for (const { text, seen } of ways) {
    const [way, bytes, streams] = text.split(':')
    const before = cpuTime()
    const { ms, chunks } = await page.evaluate(
      (args) => window.read(...args),
      [way, Number(bytes), Number(streams)],
    )
    // The first round warms up.
    if (round > 0) seen.push({ ms, chunks, cpu: cpuTime() - before })
  }
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
for (const { text, seen } of ways) {
  const of = (name) => Math.round(median(seen.map((each) => each[name])))
  console.log(`${text.padEnd(20)} ${of('ms')} ms, CPU ${of('cpu')} ms, ${of('chunks')} chunks`)
}
await browser.close()
server.close()
