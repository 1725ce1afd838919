import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Browser } from './browser.ts'

/** What the processes of a browser hold and do, as Linux counts it. Elsewhere nothing is measured. */
const IS_MEASURED = existsSync('/proc/self/smaps_rollup')

/** After so long a tab has let go of what loading it took, so that it does not hide what comes. */
export const SETTLE_MS = 10_000

const PERIOD_MS = 20
/** Reading what a process holds takes milliseconds of a core: at most a quarter of the time goes to it. */
const REST = 3
const WORKER_THREAD = 'DedicatedWorker'
/** Of the time of the busiest: more than waiting and passing messages takes. */
const BUSY_SHARE = 0.25

export interface Memory {
  /** Bytes, of the renderer processes that run the app together, before and at the highest. */
  readonly idle: number
  readonly peak: number
  /** The same of the browser process, which reads files and keeps the store for them. */
  readonly browserIdle: number
  readonly browserPeak: number
  /** Threads of workers that worked. */
  readonly busyWorkers: number
}

/** Watches the memory of a browser while `work` runs. Null where the system does not tell. */
export async function watchMemory<Result>(
  browser: Browser,
  work: () => Promise<Result>,
): Promise<{ readonly memory: Memory | null; readonly result: Result }> {
  if (!IS_MEASURED) return { memory: null, result: await work() }
  const { renderers, main } = await processesOf(browser)
  const heldByApp = () => renderers.reduce((sum, pid) => sum + heldBy(pid), 0)
  const [idle, browserIdle] = [heldByApp(), heldBy(main)]
  let [peak, browserPeak] = [idle, browserIdle]
  let running = true
  const before = workerTimes(renderers)
  const watching = (async () => {
    for (let count = 0; running; count++) {
      const began = performance.now()
      peak = Math.max(peak, heldByApp())
      if (count % 5 === 0) browserPeak = Math.max(browserPeak, heldBy(main))
      const cost = performance.now() - began
      await new Promise((resolve) => setTimeout(resolve, Math.max(PERIOD_MS - cost, REST * cost)))
    }
  })()
  try {
    const result = await work()
    const worked = [...workerTimes(renderers)].map(([id, ms]) => ms - (before.get(id) ?? 0))
    const least = BUSY_SHARE * Math.max(...worked)
    const busyWorkers = worked.filter((ms) => ms > 0 && ms >= least).length
    return { memory: { idle, peak, browserIdle, browserPeak, busyWorkers }, result }
  } finally {
    running = false
    await watching
  }
}

/** The renderers in which a worker runs are those of the app: others belong to the browser's own pages. */
async function processesOf({ session }: Browser): Promise<{ renderers: number[]; main: number }> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const all = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  const renderers = all.filter((pid) => threadsOf(pid).some(({ name }) => name === WORKER_THREAD))
  const main = processInfo.find(({ type }) => type === 'browser')!.id
  return { renderers: renderers.length > 0 ? renderers : all, main }
}

/** The proportional set: what is shared with other processes counts in part. */
function heldBy(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function workerTimes(pids: readonly number[]): Map<number, number> {
  const threads = pids.flatMap(threadsOf).filter(({ name }) => name === WORKER_THREAD)
  return new Map(threads.map(({ id, ms }) => [id, ms]))
}

/** Clock ticks are 10 ms on every Linux that runs a browser. */
const TICK_MS = 10

function threadsOf(pid: number): { id: number; name: string; ms: number }[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? []
      const fields = rest.split(' ')
      // Of what follows the name, user and system time are the 12th and 13th.
      return [{ id: Number(id), name, ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS }]
    } catch {
      // A thread may end while it is looked at.
      return []
    }
  })
}
