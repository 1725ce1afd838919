import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isNonce, passOf, proveBridge } from '../core/bridge-handshake.ts'
import { answer, readJson, refuse } from './answers.ts'

/** How this run of the bridge and the tab know each other. The tab's token itself is never sent. */
export class Handshake {
  /** What the tab is to show from then on. */
  readonly pass: Promise<string>
  readonly #token: string
  readonly #host: string
  readonly #run = randomBytes(32).toString('base64url')

  constructor(token: string, host: string) {
    this.#token = token
    this.#host = host
    this.pass = passOf(token, host, this.#run)
  }

  /** Answers a challenge, whoever asks: to know the answer helps nobody who has not the token. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request, 1024)
    if (!('json' in body)) return refuse(response, body)
    const { challenge } = (body.json ?? {}) as { challenge?: unknown }
    if (!isNonce(challenge))
      return refuse(response, {
        status: 400,
        code: 'shape_refused',
        detail: 'A challenge is 43 characters of base64url.',
      })
    const proof = await proveBridge(this.#token, this.#host, challenge, this.#run)
    answer(response, 200, { run: this.#run, proof })
  }
}
