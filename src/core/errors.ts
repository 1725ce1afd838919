import { isCode, type Code } from './codes.ts'

/** Where in a file something was found: `line` counts from 1, `index` (a memory's) from 0. */
export interface Place {
  readonly line?: number
  readonly index?: number
}

/** The wire form of an error, for workers and tools; nothing in it is trusted to be well-formed. */
export interface WireError extends Place {
  readonly code: Code
  readonly detail: string
}

/**
 * Bad input or a refused deed. `code` is stable; `detail` is for a person and may quote the input, so it
 * is shown as text only. Bugs of ours are not this: they throw through `assert` and nothing catches them.
 */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly code: Code
  readonly place: Place

  constructor(code: Code, detail = '', place: Place = {}, options?: ErrorOptions) {
    super(detail === '' ? code : `${code}: ${detail}`, options)
    this.code = code
    this.place = place
  }

  get detail(): string {
    return this.message === this.code ? '' : this.message.slice(this.code.length + 2)
  }
}

/** Inverse of `fromWire`. An error that is not an `ExchangeError` is our bug: it keeps its own words. */
export function toWire(error: unknown): WireError | { readonly bug: string } {
  if (error instanceof ExchangeError) return { code: error.code, detail: error.detail, ...error.place }
  return {
    bug: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error),
  }
}

/** Inverse of `toWire`. */
export function fromWire(wire: WireError | { readonly bug: string }): Error {
  if ('bug' in wire) return new Error(wire.bug)
  if (!isCode(wire.code)) return new Error(`unknown code ${String(wire.code)}`)
  const place: Place = {
    ...(wire.line === undefined ? {} : { line: wire.line }),
    ...(wire.index === undefined ? {} : { index: wire.index }),
  }
  return new ExchangeError(wire.code, wire.detail, place)
}

/** States what must be so unless we made a mistake. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`)
}
