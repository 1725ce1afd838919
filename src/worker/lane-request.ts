import type { WorkerLike } from './bridge.ts'
import type { Reply, Request } from './protocol.ts'

declare const self: DedicatedWorkerGlobalScope

let lanes = 0

/** A lane for this worker, made by the page and spoken to through a channel, whatever the page does meanwhile. */
export function askForLane(): WorkerLike {
  const lane = ++lanes
  const { port1, port2 } = new MessageChannel()
  const hear = ({ data }: MessageEvent<Request>) => {
    if ('lost' in data && data.lane === lane)
      port1.dispatchEvent(new ErrorEvent('error', { message: data.lost, cancelable: true }))
  }
  self.addEventListener('message', hear)
  self.postMessage({ lane, port: port2 } satisfies Reply, [port2])
  port1.start()
  const terminate = () => {
    self.removeEventListener('message', hear)
    port1.close()
    self.postMessage({ lane, port: null } satisfies Reply)
  }
  return Object.assign(port1, { terminate })
}
