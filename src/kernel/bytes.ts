/** Copies of bytes. */

/** Copies `from` to `end` behind `to`; answers where it ends. Writes up to 15 bytes beyond. */
// @ts-ignore: decorator
@inline
export function append(to: usize, from: usize, end: usize): usize {
  const length = end - from
  if (!ASC_FEATURE_SIMD) memory.copy(to, from, length)
  else for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i))
  return to + length
}

/** Copies 32 bytes. */
// @ts-ignore: decorator
@inline
export function copyHash(from: usize, to: usize): void {
  if (!ASC_FEATURE_SIMD) {
    memory.copy(to, from, 32)
  } else {
    v128.store(to, v128.load(from))
    v128.store(to, v128.load(from, 16), 16)
  }
}
