import { ExchangeError } from '../core/errors.ts'
import type { IntegrityReport } from '../core/integrity.ts'
import type { EngineReport } from '../core/self-test.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { nowAsTime, type Instance, type Verifier } from './instance.ts'

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
  const engine = await testEngine(instance, { signal: options.signal })
  const walked = await instance.worker.call('checkIntegrity', {}, options)
  return { format: 'omega-integrity-report/1', begun_at, ended_at: nowAsTime(instance), ...walked, engine }
}

/** What the self-test said last. */
const tested = new WeakMap<Verifier['worker'], EngineReport>()

/** Tests the engine that this runs on, where verification runs. Throws `cancelled`, `worker_lost`. */
export async function testEngine({ worker }: Verifier, options: CallOptions = {}): Promise<EngineReport> {
  const report = await worker.call('testEngine', {}, options)
  tested.set(worker, report)
  return report
}

/** Throws `engine_unreliable` where the self-test failed; it is run if it was not yet. */
export async function requireEngine(instance: Instance): Promise<void> {
  const { result } = tested.get(instance.worker) ?? (await testEngine(instance))
  if (result === 'unreliable') throw new ExchangeError('engine_unreliable')
}
