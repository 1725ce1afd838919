import type { IntegrityReport } from '../core/integrity.ts'
import type { EngineReport } from '../core/self-test.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { nowAsTime, type Instance } from './instance.ts'

export type { IntegrityReport } from '../core/integrity.ts'
export type { EngineReport } from '../core/self-test.ts'

/**
 * Recomputes everything the store holds and says what is not as it was (see `IntegrityReport`). Changes nothing, and
 * never throws for what the store holds. Throws `cancelled`, `storage_unavailable`, `worker_lost`.
 */
export async function checkIntegrity(
  instance: Instance,
  options: CallOptions = {},
): Promise<IntegrityReport> {
  const begun_at = nowAsTime(instance)
  const walked = await instance.worker.call('checkIntegrity', {}, options)
  return { format: 'omega-integrity-report/1', begun_at, ended_at: nowAsTime(instance), ...walked }
}

/** Tests the engine that this runs on, where verification runs. Throws `cancelled`, `worker_lost`. */
export function testEngine(instance: Instance, options: CallOptions = {}): Promise<EngineReport> {
  return instance.worker.call('testEngine', {}, options)
}
