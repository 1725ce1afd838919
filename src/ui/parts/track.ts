/** Chromium and Safari cut an element at 33 million pixels, Firefox at 17.8: some 200,000 rows. */
const LONGEST = 12_000_000
/** So much at either end is laid out as long as it is, so that the first and last rows are scrolled to as ever. */
const END = 1_000_000

/**
 * Where in a list one is, and where its scroll bar says so. A list that is longer than an element may be is laid out
 * on a shorter track: true to length at both ends, drawn together between them.
 */
export class Track {
  /** Of the whole list, and of the element that stands for it, in pixels. */
  readonly length: number
  readonly laid: number
  readonly #ratio: number

  constructor(length: number, longest = LONGEST, end = END) {
    this.length = length
    this.laid = Math.min(length, longest)
    this.#end = end
    this.#ratio = this.isWhole ? 1 : (length - 2 * end) / (this.laid - 2 * end)
  }

  readonly #end: number

  get isWhole(): boolean {
    return this.laid === this.length
  }

  /** The place in the list that the scroll bar at `top` stands for. Inverse of `toTop`. */
  toPlace(top: number): number {
    if (top <= this.#end || this.isWhole) return top
    if (top >= this.laid - this.#end) return top - this.laid + this.length
    return this.#end + (top - this.#end) * this.#ratio
  }

  /** Inverse of `toPlace`. */
  toTop(place: number): number {
    if (place <= this.#end || this.isWhole) return place
    if (place >= this.length - this.#end) return place - this.length + this.laid
    return this.#end + (place - this.#end) / this.#ratio
  }
}
