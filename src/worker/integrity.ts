import type { IntegrityReport } from '../core/integrity.ts'
import type { Database } from '../store/database.ts'
import { Findings } from './integrity-findings.ts'
import { History } from './integrity-history.ts'
import { checkIdentities, checkPeers } from './integrity-keys.ts'
import { LineWalk } from './integrity-lines.ts'
import { checkManifests, checkStreams } from './integrity-register.ts'
import type { TaskContext } from './protocol.ts'

const TRIES = 4

/** What the walk finds; when it began and ended is for the caller to say, and what it ran on. */
export type Walked = Omit<IntegrityReport, 'format' | 'begun_at' | 'ended_at' | 'engine'>

/**
 * Walks the whole store and recomputes what can be: audit chain, manifests with their leaves and evidence, streams,
 * every line with its columns and its lineage, keys and peers. Other tabs may write meanwhile: each page is read
 * together with its segment and batch, and what a deed took away is no fault. Progress counts audit rows and manifests,
 * then memories. Throws `cancelled`.
 */
export async function checkStore(db: Database, context: TaskContext): Promise<Walked> {
  for (let tries = 1; ; tries++) {
    const generation = await generationOf(db)
    const walked = await walk(db, context)
    // A deed of another tab may have come between two of the readings: only what stands still is called a fault.
    if (walked.result !== 'faults' || tries === TRIES || Object.is(await generationOf(db), generation))
      return walked
  }
}

/** A number; what else may stand there is read anew each time, and is then no other. */
async function generationOf(db: Database): Promise<unknown> {
  const value: unknown = (await db.get('settings', 'generation'))?.value
  return typeof value === 'object' ? null : value
}

async function walk(db: Database, context: TaskContext): Promise<Walked> {
  const findings = new Findings(context)
  findings.begin((await db.count('audit')) + (await db.count('manifests')))
  const history = await History.read(db, findings)
  const register = await checkManifests(db, history, findings)
  await checkStreams(db, register, history, findings)
  await new LineWalk(db, register, history, findings).run()
  await checkIdentities(db, history, findings)
  await checkPeers(db, history, findings)
  const { areas, counts, faults, lineage } = findings
  const checked = Object.values(areas).reduce((sum, area) => sum + area.checked, 0)
  const result = faults.length > 0 ? 'faults' : checked === 0 ? 'unknown' : 'holds'
  return { result, areas, lineage, counts, faults, audit_head: history.head }
}
