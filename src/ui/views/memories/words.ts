const number = new Intl.NumberFormat('en')

/** `12,345`. */
export function counted(n: number): string {
  return number.format(n)
}

/** `1 memory`, `12,345 memories`. */
export function memories(n: number): string {
  return `${counted(n)} ${n === 1 ? 'memory' : 'memories'}`
}
