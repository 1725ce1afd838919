import { randomUUID } from 'node:crypto'
import { finished } from 'node:stream/promises'
import type { ServerResponse } from 'node:http'
import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { PRIVATE } from './answers.ts'
import type { Kind } from './session.ts'

/** A line of the stream to the tab, one JSON object each. */
export type Line =
  | {
      readonly hello: { readonly version: string; readonly folder: string | null; readonly tab: string }
      readonly tab: string
    }
  | { readonly session: string; readonly client: Kind; readonly message: JSONRPCMessage }
  | { readonly session: string; readonly closed: true }
  | { readonly displaced: true }
  | Record<string, never>

const ALIVE_MS = 15_000
/** What may lie here unread by a tab that is slow or stopped. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024

/** The page that runs the tools, as the open answer to its `POST /bridge/tab`. */
export class Tab {
  /** Borne by what it posts, so that a page that was displaced is told from it. */
  readonly id: string = randomUUID()
  readonly #response: ServerResponse
  readonly #alive: NodeJS.Timeout

  constructor(response: ServerResponse, hello: { version: string; folder: string | null }) {
    this.#response = response
    response.writeHead(200, { ...PRIVATE, 'Content-Type': 'application/x-ndjson' })
    this.write({ hello: { ...hello, tab: this.id }, tab: this.id })
    this.#alive = setInterval(() => this.write({}), ALIVE_MS)
    response.on('close', () => clearInterval(this.#alive))
  }

  /** Whether it has stopped reading. */
  get isFull(): boolean {
    return this.#response.writableLength > MOST_UNREAD_BYTES
  }

  write(line: Line): void {
    if (!this.#response.writableEnded) this.#response.write(`${JSON.stringify(line)}\n`)
  }

  onClose(ended: () => void): void {
    this.#response.on('close', ended)
  }

  async end(): Promise<void> {
    clearInterval(this.#alive)
    this.#response.end()
    await finished(this.#response).catch(() => undefined)
  }
}
