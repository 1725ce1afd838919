/** How things are timed: in turn, several times, and by the median. */

/** On stderr: stdout is for results. */
export function say(words: string): void {
  process.stderr.write(`${words}\n`)
}

export interface Timing {
  /** Milliseconds, in the order they were taken. */
  readonly runs: readonly number[]
}

/** Each is run once before any is run again, so that what the machine does beside is shared out. */
export async function inTurn<Name extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, (round: number) => Promise<number> | number>>,
  most: Partial<Record<Name, number>> = {},
): Promise<Record<Name, Timing>> {
  const names = Object.keys(subjects) as Name[]
  const runs = Object.fromEntries(names.map((name) => [name, { runs: [] }])) as unknown as Record<
    Name,
    { runs: number[] }
  >
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      if (round >= (most[name] ?? rounds)) continue
      const ms = await subjects[name](round)
      runs[name].runs.push(ms)
      say(`  ${name}: ${secondsOf(ms)}`)
    }
  }
  return runs
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const medianOf = ({ runs }: Timing): number => median(runs)

/** How many times `other` the first takes, by their medians. */
export const ratioOf = (timing: Timing, other: Timing): number => medianOf(timing) / medianOf(other)

export function secondsOf(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}

/** `0.41 s (0.39 s to 0.45 s, 5 runs)`. */
export function describeTiming(timing: Timing): string {
  const { runs } = timing
  if (runs.length === 1) return `${secondsOf(runs[0]!)} (1 run)`
  const [least, most] = [Math.min(...runs), Math.max(...runs)]
  return `${secondsOf(medianOf(timing))} (${secondsOf(least)} to ${secondsOf(most)}, ${runs.length} runs)`
}
