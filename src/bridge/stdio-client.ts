import { Transform, type Readable, type Writable } from 'node:stream'
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { errorAnswer, refusal } from './refusals.ts'
import type { Relay } from './relay.ts'
import type { Session } from './session.ts'

export const MESSAGE_BYTES = 16 * 1024 * 1024
/** Enough of a message's beginning or end to find its id there. */
const PEEKED_BYTES = 512
const NEWLINE = 10

interface Ends {
  /** The client's first message has come. */
  began: () => void
  closed: () => void
}

/** The client at the other end of standard input and output. */
export async function serveStdio(relay: Relay, ends: Ends, input: Readable, output: Writable): Promise<void> {
  const lines = new Lines((id) => {
    const words = `A message may have ${MESSAGE_BYTES} bytes at most.`
    void transport.send(errorAnswer(id, refusal('message_too_large', words))).catch(() => undefined)
  })
  const transport = new StdioServerTransport(lines, output, { maxBufferSize: 2 * MESSAGE_BYTES })
  // Each message under way listens for an error of its own.
  output.setMaxListeners(0)
  const session: Session = relay.open({
    kind: 'stdio',
    send: (message: JSONRPCMessage) => transport.send(message),
    forget: () => undefined,
    refused: () => undefined,
  })!
  let isNew = true
  transport.onmessage = (message) => {
    if (isNew) ends.began()
    isNew = false
    session.fromClient(message)
  }
  transport.onclose = () => {
    relay.close(session)
    ends.closed()
  }
  await transport.start()
  input.on('error', () => lines.end())
  input.pipe(lines)
}

/** Whole lines, those left out that are too long: `onLong` gets the id of a request among them, if it can be told. */
class Lines extends Transform {
  readonly #onLong: (id: RequestId | undefined) => void
  #parts: Buffer[] = []
  #length = 0
  #head = ''
  /** The last bytes of a line that is too long. */
  #tail: Buffer | null = null

  constructor(onLong: (id: RequestId | undefined) => void) {
    super()
    this.#onLong = onLong
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    for (let from = 0; from < chunk.length;) {
      const at = chunk.indexOf(NEWLINE, from)
      const to = at === -1 ? chunk.length : at + 1
      this.#take(chunk.subarray(from, to), at !== -1)
      from = to
    }
    done()
  }

  #take(part: Buffer, isEnd: boolean): void {
    this.#parts.push(part)
    this.#length += part.length
    if (this.#length > MESSAGE_BYTES) {
      const held = Buffer.concat(this.#parts)
      if (this.#tail === null) this.#head = held.toString('latin1', 0, PEEKED_BYTES)
      this.#tail = Buffer.concat([this.#tail ?? Buffer.alloc(0), held]).subarray(-PEEKED_BYTES)
      this.#parts = []
    }
    if (!isEnd) return
    if (this.#tail === null) this.push(Buffer.concat(this.#parts))
    else if (!isAnswer(this.#head)) this.#onLong(idOf(this.#head, this.#tail.toString('latin1').trimEnd()))
    this.#parts = []
    this.#length = 0
    this.#tail = null
  }
}

/** An answer that is too long has nobody to tell it to. */
function isAnswer(head: string): boolean {
  return /^\s*\{[^{[]*"(?:result|error)"\s*:/.test(head)
}

/** Before a `{` or right before the last `}` a name is the message's own. */
function idOf(head: string, tail: string): RequestId | undefined {
  const id = String.raw`"id"\s*:\s*(-?\d{1,15}|"[\w.:/-]{1,128}")\s*`
  const found =
    new RegExp(String.raw`^\s*\{(?:[^{["]|"[\w./]*")*?${id}[,}]`).exec(head) ??
    new RegExp(String.raw`[,{]\s*${id}\}$`).exec(tail)
  return found === null ? undefined : (JSON.parse(found[1]!) as RequestId)
}
