import { readFileSync } from 'node:fs'

/** What left a browser or would have, by its own log of its whole life: names looked up and datagrams too, which no proxy sees. */
export interface NetLog {
  /** Requests by http, https, ws and wss, of pages, workers, service workers and the browser itself. */
  readonly requests: readonly string[]
  /** What was to be resolved, as the browser writes it: a host, or scheme, host and port. */
  readonly lookedUp: readonly string[]
  readonly datagrams: number
}

/** What a browser is started with so that `readNetLog` has something to read once it has ended. */
export const netLogArg = (path: string) => `--log-net-log=${path}`

interface LogFile {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> }
  readonly events: readonly { readonly type: number; readonly params?: { url?: string; host?: string } }[]
}

/** Throws if the log has no such events at all: then an empty list would prove nothing. */
export function readNetLog(path: string): NetLog {
  const { constants, events } = JSON.parse(readFileSync(path, 'utf8')) as LogFile
  const ofType = (name: string) => {
    const type = constants.logEventTypes[name]
    if (type === undefined) throw new Error(`${path}: this browser knows no ${name}`)
    return events.filter((event) => event.type === type).map(({ params = {} }) => params)
  }
  const named = (each: readonly (string | undefined)[]) => [
    ...new Set(each.filter((one) => one !== undefined)),
  ]
  return {
    requests: named(ofType('URL_REQUEST_START_JOB').map(({ url }) => url)).filter((url) =>
      /^(http|ws)/.test(url),
    ),
    lookedUp: named(ofType('HOST_RESOLVER_MANAGER_REQUEST').map(({ host }) => host)),
    datagrams: ofType('UDP_BYTES_SENT').length,
  }
}
