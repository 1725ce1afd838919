import type { Consent, ToolInfo } from '../../../exchange/agents.ts'

/** Whether calls of agents wait for a person, unless allowed for longer. Those that do not, read no memory. */
const ASKS_NOBODY = new Set(['omega_federation_verify', 'omega_federation_trust_list'])

/** What it does with the store, and whether it asks. */
export function doesOf({ name, annotations }: ToolInfo): string {
  const does = annotations.readOnlyHint
    ? 'Reads'
    : annotations.destructiveHint
      ? 'Changes, revokes'
      : 'Changes'
  return `${does} · ${ASKS_NOBODY.has(name) ? 'asks nobody' : 'asks first'}`
}

/** Tools that sign or write in the name of this instance. */
export const NEEDS_IDENTITY: ReadonlySet<string> = new Set(['omega_federation_export', 'omega_store'])

export const CONSENT_WORDS: Readonly<Record<Consent, string>> = {
  none: 'nobody was asked',
  once: 'allowed once',
  session: 'allowed for the session',
  standing: 'allowed until taken back',
  refused: 'refused',
  unanswered: 'not answered',
}
