/** Who did something is at it for so long, if they do nothing more. */
const USE_MS = 500
/** So long the page has to answer what was done, and what has waited behind a lane's work. */
const ANSWER_MS = 70
/** Long beside a chunk, which a lane ends before it rests. */
const TURN_MS = 100
/** So long before its turn a lane begins no further chunk: the lane whose turn is over goes on just then. */
const GUARD_MS = 15

/** When a lane last heard that somebody uses the page, in milliseconds since 1970; which lane it is, and of how many. */
export interface Use {
  readonly at: number
  readonly lane: number
  readonly lanes: number
}

export function isInUse(at: number, now: number): boolean {
  // A clock that was put back holds nobody up.
  return at <= now && now < at + USE_MS
}

/**
 * Milliseconds for which a lane that reads is to rest from `now` on: 0 if it may go on. While somebody uses the page the
 * lanes take turns at resting, so that one core is the page's at any moment; one that is alone rests every other turn.
 */
export function restMs({ at, lane, lanes }: Use, now: number): number {
  if (!isInUse(at, now)) return 0
  const isMine = (turn: number) => turn % Math.max(lanes, 2) === lane
  const turn = Math.floor(now / TURN_MS)
  const left = TURN_MS - (now % TURN_MS)
  const rest = isMine(turn) ? left : left <= GUARD_MS && isMine(turn + 1) ? left + TURN_MS : 0
  return Math.min(rest, at + USE_MS - now)
}

/** Milliseconds until what cannot rest once it has begun may begin: the page has answered then. */
export function holdMs({ at }: Pick<Use, 'at'>, now: number): number {
  return isInUse(at, now) ? Math.max(at + ANSWER_MS - now, 0) : 0
}
