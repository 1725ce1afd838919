import { AHEAD, type Run } from './run.ts'
import type { Lanes } from './verification.ts'

/** What is asked for of a file, in its order; `to` becomes less when another takes over the rest. */
interface Asked<Result> extends Run {
  readonly result: Promise<Result>
}

/** A run that is done, and what it came to. */
export interface Done<Result> {
  readonly from: number
  readonly to: number
  readonly run: Result
}

/**
 * The runs of a file from `offset` on, in order, several under way at once, each with what was asked for. When there is
 * no other left to begin, one that is done shares the work of one that is not. The first rejection comes in its turn;
 * what is under way then is not waited for.
 */
export async function* runsOf<Result>(
  {
    size,
    count,
    runBytes,
    check,
    halve,
  }: Pick<Lanes<Result>, 'size' | 'count' | 'runBytes' | 'check' | 'halve'>,
  offset: number,
  onProgress: (from: number, bytes: number, memories: number) => void,
): AsyncGenerator<Done<Result>> {
  const asked: Asked<Result>[] = []
  let next = offset
  let running = 0

  const begin = (at: number, from: number, to: number) => {
    const result = check(from, to, (bytes, memories) => onProgress(from, bytes, memories))
    asked.splice(at, 0, { from, to, result })
    running++
    const end = () => {
      running--
      if (next >= size && running < count) void share()
    }
    // If nobody asks for it any more, its failure is nobody's.
    result.then(end, end)
  }
  const share = async () => {
    // The last has most left.
    for (const run of asked.toReversed()) {
      const to = (await halve?.(run.from)) ?? null
      if (next < size) return
      if (to === null) continue
      const rest = run.to
      run.to = to
      return begin(asked.indexOf(run) + 1, to, rest)
    }
  }

  try {
    while (asked.length > 0 || next < size) {
      for (; next < size && asked.length < AHEAD * count; next += runBytes)
        begin(asked.length, next, Math.min(next + runBytes, size))
      const run = await asked[0]!.result
      const { from, to } = asked.shift()!
      yield { from, to, run }
    }
  } finally {
    // Nothing is shared any more.
    next = -Infinity
  }
}
