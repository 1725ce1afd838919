import { give, type WorkerLike } from './bridge.ts'
import type { Reply, Request } from './protocol.ts'

/** Name of the workers that only check: they open no store. */
export const LANE_NAME = 'omega-lane'

/**
 * A worker with the lanes that it asks for (`lane-request.ts`), which end with it. The page makes them: Firefox (seen in
 * 153) holds up for ever, about one time in twenty, a worker that makes one itself.
 */
export function withLanes(worker: Worker, startLane: () => Worker): WorkerLike {
  const lanes = new Map<number, Worker>()
  const end = (lane: number) => {
    lanes.get(lane)?.terminate()
    lanes.delete(lane)
  }
  const lose = (lane: number, why: string) => {
    end(lane)
    worker.postMessage({ lane, lost: why } satisfies Request)
  }
  const start = (lane: number, port: MessagePort) => {
    const started = startLane()
    lanes.set(lane, started)
    started.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if ('read' in data) void give(started, data)
    })
    started.addEventListener('error', (event) => {
      event.preventDefault()
      lose(lane, event.message)
    })
    started.postMessage({ port } satisfies Request, [port])
  }
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if (!('lane' in data)) return
    const { lane, port } = data
    if (port === null) return end(lane)
    try {
      start(lane, port)
    } catch (error) {
      lose(lane, String(error))
    }
  })
  return {
    postMessage: worker.postMessage.bind(worker),
    addEventListener: worker.addEventListener.bind(worker),
    terminate: () => {
      worker.terminate()
      for (const lane of lanes.keys()) end(lane)
    },
  }
}
