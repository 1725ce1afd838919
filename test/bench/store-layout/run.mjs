// node test/bench/store-layout/run.mjs [rows=1000000] [only=L1,L2,grid,L3,opfs,L4] [port=41837]
// One JSON line per measurement, to stdout and to the file named by OUT (else store-layout-results.jsonl in the temp folder).
import { createServer } from 'node:http'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { chromium } from 'playwright'

const here = new URL('.', import.meta.url).pathname
const opt = Object.fromEntries(process.argv.slice(2).map((a) => a.split('=')))
const ROWS = Number(opt.rows ?? 1_000_000),
  only = opt.only?.split(',') ?? ['L1', 'L2', 'grid', 'L3', 'opfs', 'L4']
const OUT = process.env.OUT ?? join(tmpdir(), 'store-layout-results.jsonl')
const say = (what, v) => {
  const l = JSON.stringify({ what, ...v })
  console.log(l)
  appendFileSync(OUT, l + '\n')
}

const server = createServer((q, a) => {
  if (q.url === '/')
    return a.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script type="module">
    const w = new Worker('/worker.mjs', { type: 'module' }); let chain = Promise.resolve();
    w.onerror = (e) => console.error('worker', e.message);
    window.call = (call, arg) => (chain = chain.then(() => new Promise((ok, no) => { w.onmessage = ({ data }) => data.error ? no(new Error(data.error)) : ok(data.ok); w.postMessage({ call, arg }); })));
  </script>`)
  if (q.url === '/favicon.ico') return a.writeHead(204).end()
  const f = join(here, q.url.slice(1))
  if (!/^\/[a-z-]+\.mjs$/.test(q.url) || !existsSync(f)) return a.writeHead(404).end()
  a.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(f))
})
await new Promise((r) => server.listen(Number(opt.port ?? 41837), '127.0.0.1', r))
const base = `http://127.0.0.1:${server.address().port}/`

if (!process.env.CHROME_PATH) throw new Error('CHROME_PATH has to name the browser')
let ctx, page, dir
async function start() {
  ctx = await chromium.launchPersistentContext(dir, {
    executablePath: process.env.CHROME_PATH,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--js-flags=--expose-gc',
    ],
  })
  page = ctx.pages()[0] ?? (await ctx.newPage())
  page.on('console', (m) => console.log('console', m.text()))
  page.setDefaultTimeout(0)
  await page.goto(base)
  await page.waitForFunction('window.call')
}
const stop = async () => {
  await ctx.close()
}
const restart = async ({ coldDisk = false } = {}) => {
  await stop()
  if (coldDisk)
    for (const f of files(dir)) execFileSync('dd', [`if=${f}`, 'iflag=nocache', 'count=0', 'status=none'])
  await start()
}
const call = (name, arg) => page.evaluate(([n, a]) => window.call(n, a), [name, arg])
const files = (d) =>
  readdirSync(d, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(d, e.name)) : e.isFile() ? [join(d, e.name)] : [],
  )
const disk = () => {
  const d = join(dir, 'Default/IndexedDB')
  const fs = files(d)
  let mb = 0,
    kinds = {}
  for (const f of fs) {
    mb += (statSync(f, { throwIfNoEntry: false })?.size ?? 0) / 1e6 // compaction may take a file away meanwhile
    const k = /\.blob\//.test(f) ? 'blob' : f.replace(/.*\./, '')
    kinds[k] = (kinds[k] ?? 0) + 1
  }
  return { mb: Math.round(mb), kinds }
}
/** Resident memory in MB of the largest renderer, and of the browser process, of this profile. */
function memory() {
  const procs = readdirSync('/proc')
    .filter((p) => /^\d+$/.test(p))
    .flatMap((pid) => {
      try {
        const s = readFileSync(`/proc/${pid}/status`, 'utf8')
        return [
          {
            pid,
            ppid: /PPid:\t(\d+)/.exec(s)[1],
            rss: Number(/VmRSS:\s+(\d+)/.exec(s)?.[1] ?? 0) / 1000,
            hwm: Number(/VmHWM:\s+(\d+)/.exec(s)?.[1] ?? 0) / 1000,
            cmd: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
          },
        ]
      } catch {
        return []
      }
    })
  const root = procs.find((p) => p.cmd.includes(`--user-data-dir=${dir}`) && !p.cmd.includes('--type='))
  const kids = new Set([root.pid])
  for (let i = 0; i < 4; i++) for (const p of procs) if (kids.has(p.ppid)) kids.add(p.pid)
  const r = procs
    .filter((p) => kids.has(p.pid) && p.cmd.includes('--type=renderer'))
    .sort((a, b) => b.rss - a.rss)[0]
  return {
    rendererMB: Math.round(r.rss),
    rendererPeakMB: Math.round(r.hwm),
    browserMB: Math.round(root.rss),
    browserPeakMB: Math.round(root.hwm),
  }
}
async function fresh(f) {
  dir = mkdtempSync(join(process.env.SCRATCH ?? tmpdir(), 'store-layout-'))
  await start()
  try {
    await f()
  } finally {
    await stop().catch(() => {})
    rmSync(dir, { recursive: true, force: true })
  }
}
const has = (x) => only.includes(x)

if (has('L1') || has('L2'))
  await fresh(async () => {
    const rows = Math.min(ROWS, 200_000)
    for (const L of ['L1', 'L2'])
      if (has(L))
        say(L, {
          ...(await call('fillRows', { name: L, rows, indexes: L === 'L2' })),
          disk: disk(),
          memory: memory(),
        })
  })

const page512 = { pageRows: 512, dict: 'global', leaves: 'apart' }
if (has('grid')) {
  // how many lines in one record; where leaves and names live; pages per transaction
  const rows = Math.min(ROWS, 100_000)
  const grid = [
    ['Blob 512', { ...page512, chunkRows: 512, as: 'blob' }],
    ['Blob 2048', { ...page512, pageRows: 2048, chunkRows: 2048, as: 'blob' }],
    ['Blob 8192', { ...page512, pageRows: 8192, chunkRows: 8192, as: 'blob' }],
    ['512', { ...page512, chunkRows: 512 }],
    ['128', { ...page512, chunkRows: 128 }],
    ['64', { ...page512, chunkRows: 64 }],
    ['32', { ...page512, chunkRows: 32 }],
    ['16', { ...page512, chunkRows: 16 }],
    ['64 page dict', { ...page512, chunkRows: 64, dict: 'page' }],
    ['64 page dict+leaves', { ...page512, chunkRows: 64, dict: 'page', leaves: 'page' }],
  ]
  for (const [label, cfg] of grid)
    await fresh(async () => {
      const f = await call('fill', { name: 's', rows, cfg })
      await restart()
      const d = disk()
      const o = await call('openColumns', { name: 's' })
      const q = await call('queries'),
        e = await call('exportEntity'),
        all = await call('readAll', { window: Math.max(1, 4096 / cfg.chunkRows) })
      say('grid ' + label, {
        put: f.putUsPerRow,
        tx: f.txMs,
        gen: f.generationUsPerRow,
        disk: d,
        open: o,
        read100: q.read100,
        export: e,
        readAll: all,
      })
    })
  for (const pagesPerTx of [4, 16])
    await fresh(async () => {
      const f = await call('fill', { name: 's', rows, cfg: { ...page512, chunkRows: 64 }, pagesPerTx })
      say(`grid 64, ${pagesPerTx} pages a transaction`, { ...f, memory: memory() })
    })
  await fresh(async () => {
    const f = await call('fill', {
      name: 's',
      rows,
      cfg: { ...page512, chunkRows: 64 },
      durability: 'strict',
    })
    say(`grid 64, strict`, { ...f, memory: memory() })
  })
}

async function L3(label, cfg) {
  await fresh(async () => {
    say(`${label} fill`, { ...(await call('fill', { name: 's', rows: ROWS, cfg })), memory: memory() })
    await restart()
    say(`${label} disk`, disk())
    const before = memory()
    say(`${label} open, browser restarted`, {
      ...(await call('openColumns', { name: 's' })),
      before,
      after: memory(),
    })
    await call('gc')
    say(`${label} memory`, { columnMB: await call('columnBytes'), afterGc: memory() })
    say(`${label} queries`, await call('queries'))
    say(`${label} export picked`, await call('exportEntity'))
    say(`${label} read all`, await call('readAll', { window: Math.max(1, 4096 / cfg.chunkRows) }))
    say(`${label} sort`, await call('sorting'))
    const per = Math.ceil((64 * 512) / cfg.pageRows),
      sizes = label.includes('64') ? [8, 64, 256, 1000] : [per]
    for (const chunk of sizes) {
      await restart()
      say(`${label} open, getAll ${chunk}`, {
        ...(await call('openColumns', { name: 's', chunk })),
        memory: memory(),
      })
    }
    await restart({ coldDisk: true })
    say(`${label} open, file cache dropped`, await call('openColumns', { name: 's' }))
    say(`${label} mutate`, await call('mutate', { rowsBefore: ROWS }))
    say(`${label} 10,000 one-row segments`, await call('tailRows', { rowsBefore: ROWS }))
    await restart()
    say(`${label} open with them`, await call('openColumns', { name: 's' }))
    say(`${label} fold them`, await call('foldTail', { rowsBefore: ROWS }))
    await restart()
    say(`${label} open folded`, await call('openColumns', { name: 's' }))
    say(`${label} delete tenth`, { ...(await call('deleteTenth')), disk: disk() })
    await restart()
    say(`${label} open after delete`, { ...(await call('openColumns', { name: 's' })), disk: disk() })
    await new Promise((r) => setTimeout(r, 5000))
    say(`${label} disk 5 s later`, disk())
    say(`${label} fold pages`, { ...(await call('fold', {})), memory: memory() })
    for (let i = 0; i < 2; i++) {
      await restart()
      say(`${label} open folded pages`, { ...(await call('openColumns', { name: 's' })), memory: memory() })
    }
    say(`${label} queries after delete and fold`, await call('queries'))
  })
}
if (has('L3')) await L3('L3, Blobs of 2,048', { ...page512, pageRows: 2048, chunkRows: 2048, as: 'blob' })
if (has('L3')) await L3('L3, bytes of 32', { ...page512, chunkRows: 32 })
if (has('L3')) await L3('L3, bytes of 64', { ...page512, chunkRows: 64 })
if (has('opfs')) await fresh(async () => say('file system of the origin', await call('opfs')))
if (has('L4'))
  await fresh(async () => {
    say('L4 key pages', { ...(await call('l4fill', { rows: ROWS })), disk: disk() })
    await restart()
    say('L4 open', { ...(await call('l4open')), memory: memory() })
    say('L4 queries, 10 runs', await call('l4queries', { rows: ROWS }))
    say('L4 merge 10 runs into one', { ...(await call('l4merge')), memory: memory() })
    await restart()
    say('L4 open', await call('l4open'))
    say('L4 queries, 1 run', await call('l4queries', { rows: ROWS }))
  })
server.close()
