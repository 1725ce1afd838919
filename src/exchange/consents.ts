import type { ConsentRecord } from '../store/schema.ts'
import type { Scope } from './agents.ts'
import { nowAsTime, perform, type Instance } from './instance.ts'

/** What agents may do until it is taken back, oldest first. */
export async function listConsents(instance: Instance): Promise<ConsentRecord[]> {
  const consents = await instance.db.getAll('consents')
  return consents.sort((a, b) => (a.given_at < b.given_at ? -1 : 1))
}

export async function findConsent(instance: Instance, scope: Scope): Promise<ConsentRecord | null> {
  return (await instance.db.get('consents', idOf(scope))) ?? null
}

/** Once more for the same changes nothing but its row. */
export async function giveConsent(instance: Instance, scope: Scope): Promise<void> {
  const record = { id: idOf(scope), ...scope, given_at: nowAsTime(instance) }
  await perform(instance, 'consent_given', ['consents'], async (tx) => {
    await tx.objectStore('consents').put(record)
    return { result: undefined, subject: { tool: scope.tool, about: scope.about } }
  })
}

/** One that stands, by its id, or one that was given for a session and is in no store. */
export async function takeConsentBack(instance: Instance, given: string | Scope): Promise<void> {
  await perform(instance, 'consent_taken_back', ['consents'], async (tx) => {
    const consents = tx.objectStore('consents')
    const known = typeof given === 'string' ? await consents.get(given) : given
    if (typeof given === 'string') await consents.delete(given)
    return { result: undefined, subject: known === undefined ? {} : { tool: known.tool, about: known.about } }
  })
}

/** Whether agents may call the tool at all. */
export async function isToolOn(instance: Instance, tool: string): Promise<boolean> {
  return (await instance.db.get('settings', settingOf(tool)))?.value !== true
}

export async function switchTool(instance: Instance, tool: string, on: boolean): Promise<void> {
  await perform(instance, 'tool_switched', ['settings'], async (tx) => {
    await tx.objectStore('settings').put({ name: settingOf(tool), value: !on })
    return { result: undefined, subject: { tool, on } }
  })
}

const settingOf = (tool: string) => `tool_off:${tool}`

function idOf({ tool, about }: Scope): string {
  return `${tool} ${about}`
}
