import { deleteDB, openDB } from 'idb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ExchangeError } from '../../src/core/errors.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { codeOf, startTestWorker } from '../exchange/instance.ts'

/** A real worker of a few lines that speaks, or breaks, the protocol. */
function bridgeTo(...scripts: string[]): WorkerBridge & { started: () => number } {
  let started = 0
  const bridge = new WorkerBridge(() => {
    const script = scripts[Math.min(started++, scripts.length - 1)]!
    return new Worker(URL.createObjectURL(new Blob([script])))
  })
  onTestFinished(() => bridge.close())
  return Object.assign(bridge, { started: () => started })
}

const ECHO = 'onmessage = ({ data }) => postMessage({ id: data.id, output: data.input })'
const SILENT = 'onmessage = () => undefined'
const THROWS = 'onmessage = () => { throw new Error("died") }'
const facets = (bridge: WorkerBridge) => bridge.call('facets', {})

describe('a worker that dies', () => {
  it('by an error: all that is pending is rejected, the next call has a new one', async () => {
    const bridge = bridgeTo(THROWS, ECHO)
    const calls = [facets(bridge), facets(bridge), facets(bridge)]
    expect(await Promise.all(calls.map(codeOf))).toEqual(['worker_lost', 'worker_lost', 'worker_lost'])
    expect(await facets(bridge)).toEqual({})
    expect(bridge.started()).toBe(2)
  })

  it('with several last words does not take its successor along', async () => {
    const many =
      'for (let i = 0; i < 50; i++) setTimeout(() => { throw new Error("again") }); onmessage = () => undefined'
    const bridge = bridgeTo(
      many,
      'onmessage = ({ data }) => setTimeout(() => postMessage({ id: data.id, output: 1 }), 50)',
    )
    expect(await codeOf(facets(bridge))).toBe('worker_lost')
    expect(await facets(bridge)).toBe(1)
    expect(bridge.started()).toBe(2)
  })

  it('by a script that cannot be loaded or parsed', async () => {
    expect(await codeOf(facets(bridgeTo('this is no script')))).toBe('worker_lost')
    const bridge = new WorkerBridge(() => new Worker('data:text/javascript,importScripts("nowhere:")'))
    expect(await codeOf(facets(bridge))).toBe('worker_lost')
  })

  it('by being closed', async () => {
    const bridge = bridgeTo(SILENT, ECHO)
    const call = facets(bridge)
    bridge.close()
    bridge.close()
    expect(await codeOf(call)).toBe('worker_lost')
    expect(await facets(bridge)).toEqual({})
  })

  it('because its database was taken away', async () => {
    const name = `test-${crypto.randomUUID()}`
    onTestFinished(() => deleteDB(name))
    const bridge = new WorkerBridge(() => startTestWorker(name))
    onTestFinished(() => bridge.close())
    expect((await facets(bridge)).rows).toBe(0)
    const newer = await openDB(name, 99)
    newer.close()
    // Its last words and this call may pass each other; what may not be is that the call waits for ever.
    expect(['worker_lost', 'storage_newer']).toContain(await codeOf(facets(bridge)))
    expect(await codeOf(facets(bridge))).toBe('storage_newer')
  })
})

describe('a worker that never starts', () => {
  const NEVER = 'for (;;) {}'
  const startsAs = (startMs: number[], ...scripts: string[]) => {
    let started = 0
    const bridge = new WorkerBridge(() => {
      const script = scripts[Math.min(started++, scripts.length - 1)]!
      return new Worker(URL.createObjectURL(new Blob([script])))
    }, startMs)
    onTestFinished(() => bridge.close())
    return Object.assign(bridge, { started: () => started })
  }

  it('is replaced, and another does what was asked, also what was called off meanwhile', async () => {
    const cancels = `onmessage = ({ data }) => data.cancel
      ? postMessage({ id: data.id, error: { code: 'cancelled', detail: '' } })
      : data.task === 'facets' && postMessage({ id: data.id, output: data.input })`
    const bridge = startsAs([50, 60_000], NEVER, cancels)
    const leaving = new AbortController()
    const waiting = bridge.call('warm', {}, { signal: leaving.signal })
    expect(await Promise.all([facets(bridge), facets(bridge)])).toEqual([{}, {}])
    leaving.abort()
    expect(await codeOf(waiting)).toBe('cancelled')
    expect(bridge.started()).toBe(2)
  })

  it('is not one that a page did not hear, as it was held up itself', async () => {
    const bridge = startsAs([50, 60_000], `postMessage({ started: true }); ${ECHO}`, NEVER)
    const call = facets(bridge)
    for (const until = performance.now() + 1000; performance.now() < until;);
    expect(await call).toEqual({})
    expect(bridge.started()).toBe(1)
  })

  it('is given up in the end, and the next call tries anew', async () => {
    const startMs = [50, 50, 50]
    const bridge = startsAs(startMs, NEVER, NEVER, NEVER, ECHO)
    expect(await codeOf(facets(bridge))).toBe('worker_lost')
    expect(bridge.started()).toBe(3)
    startMs.fill(60_000)
    expect(await facets(bridge)).toEqual({})
  })

  it('is not one that has started and works for long', async () => {
    const bridge = startsAs(
      [3000, 50],
      `postMessage({ started: true })
      onmessage = ({ data }) => setTimeout(() => postMessage({ id: data.id, output: 1 }), 3500)`,
      NEVER,
    )
    expect(await facets(bridge)).toBe(1)
    expect(bridge.started()).toBe(1)
  })
})

describe('what goes across', () => {
  it('errors keep code, detail and place; bugs their words', async () => {
    const error = '{ code: "memory_invalid", detail: "why: x", line: 7, index: 2 }'
    const bridge = bridgeTo(
      `onmessage = ({ data }) => postMessage({ id: data.id, error: data.input.bug ? { bug: "TypeError: x" } : ${error} })`,
    )
    const refused = await facets(bridge).catch((cause: unknown) => cause)
    expect(refused).toBeInstanceOf(ExchangeError)
    expect(refused).toMatchObject({ code: 'memory_invalid', detail: 'why: x', place: { line: 7, index: 2 } })
    const bug = await bridge.call('facets', { bug: true } as never).catch((cause: unknown) => cause)
    expect(bug).not.toBeInstanceOf(ExchangeError)
    expect(String(bug)).toContain('TypeError: x')
  })

  it('answers find their calls in any order; strangers are ignored', async () => {
    const bridge = bridgeTo(`
      const asked = []
      onmessage = ({ data }) => {
        asked.push(data.id)
        if (asked.length < 3) return
        postMessage({ id: 999, output: 'nobody' })
        for (const id of asked.reverse()) postMessage({ id, output: id })
      }`)
    const calls = [facets(bridge), facets(bridge), facets(bridge)]
    expect(await Promise.all(calls)).toEqual([1, 2, 3])
  })

  it('progress reaches its own call', async () => {
    const bridge = bridgeTo(`onmessage = ({ data: { id } }) => {
      postMessage({ id, progress: { done: id, total: 9, memories: 0 } })
      postMessage({ id, output: null })
    }`)
    const seen: number[][] = [[], []]
    const call = (n: number) =>
      bridge.call('facets', {}, { onProgress: ({ done }) => void seen[n]!.push(done) })
    await Promise.all([call(0), call(1)])
    expect(seen).toEqual([[1], [2]])
  })

  it('what cannot be cloned is refused and nothing stays pending', async () => {
    const bridge = bridgeTo(ECHO)
    await expect(bridge.call('facets', { f: () => 1 } as never)).rejects.toThrow()
    expect(await facets(bridge)).toEqual({})
  })

  it('a signal that has fired starts nothing; one that fires tells the worker', async () => {
    const bridge = bridgeTo(
      'onmessage = ({ data }) => { if (data.cancel) postMessage({ id: data.id, error: { code: "cancelled", detail: "" } }) }',
    )
    expect(await codeOf(bridge.call('facets', {}, { signal: AbortSignal.abort() }))).toBe('cancelled')
    expect(bridge.started()).toBe(0)
    const controller = new AbortController()
    const call = bridge.call('facets', {}, { signal: controller.signal })
    controller.abort()
    expect(await codeOf(call)).toBe('cancelled')
  })

  it('a handle that the worker does not know is a lost worker', async () => {
    const name = `test-${crypto.randomUUID()}`
    const bridge = new WorkerBridge(() => startTestWorker(name))
    onTestFinished(async () => {
      bridge.close()
      await deleteDB(name)
    })
    expect(await codeOf(bridge.call('readOpened', { opened: 1, index: 0 }))).toBe('worker_lost')
    expect(await codeOf(bridge.call('readList', { list: 1, from: 0, to: 1 }))).toBe('worker_lost')
  })
})
