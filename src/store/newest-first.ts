const DIGIT_BITS = 12
const DIGITS = 1 << DIGIT_BITS
/** Two digits to a word. */
const WORD = DIGITS * DIGITS

/**
 * The numbers from `from` to the end of `times`, newest first, of the same time the later first. Sorted by digits:
 * a million by a comparator takes five times as long (test/bench/store-layout). Times are whole milliseconds.
 */
export function newestFirst(times: Float64Array, from: number): Uint32Array<ArrayBuffer> {
  const count = times.length - from
  let [oldest, newest] = [Infinity, -Infinity]
  for (let i = from; i < times.length; i++) {
    if (times[i]! < oldest) oldest = times[i]!
    if (times[i]! > newest) newest = times[i]!
  }
  const [low, high] = [new Uint32Array(count), new Uint32Array(count)]
  for (let i = 0; i < count; i++) {
    const age = newest - times[from + i]!
    const words = Math.floor(age / WORD)
    high[i] = words
    low[i] = age - words * WORD
  }
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = count - 1 - i
  let spare = new Uint32Array(count)
  for (let bits = 0; 2 ** bits <= newest - oldest; bits += DIGIT_BITS) {
    const isLow = bits < 2 * DIGIT_BITS
    sortByDigit(order, spare, isLow ? low : high, isLow ? bits : bits - 2 * DIGIT_BITS)
    ;[order, spare] = [spare, order]
  }
  for (let i = 0; i < count; i++) order[i]! += from
  return order
}

/** Leaves what has the same digit in the order in which it was. */
function sortByDigit(order: Uint32Array, into: Uint32Array, words: Uint32Array, shift: number): void {
  const places = new Uint32Array(DIGITS + 1)
  for (const word of words) places[((word >>> shift) & (DIGITS - 1)) + 1]!++
  for (let digit = 1; digit <= DIGITS; digit++) places[digit]! += places[digit - 1]!
  for (const at of order) into[places[(words[at]! >>> shift) & (DIGITS - 1)]!++] = at
}

/** Two such orders as one; all numbers of `later` are above those of `order`. */
export function mergeNewestFirst(
  times: Float64Array,
  order: Uint32Array<ArrayBuffer>,
  later: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  if (order.length === 0) return later
  const merged = new Uint32Array(order.length + later.length)
  let at = 0
  for (let i = 0; i < later.length; i++) {
    const time = times[later[i]!]!
    while (at < order.length && times[order[at]!]! > time) merged[at + i] = order[at++]!
    merged[at + i] = later[i]!
  }
  merged.set(order.subarray(at), at + later.length)
  return merged
}
