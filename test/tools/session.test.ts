import { expect, it } from 'vitest'
import sampleA from '../../src/exchange/samples/instance-a.json?raw'
import sampleB from '../../src/exchange/samples/instance-b.json?raw'
import { isHash } from '../../src/core/bytes.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { checkIntegrity } from '../../src/exchange/integrity.ts'
import { openFile } from '../../src/exchange/open.ts'
import { openWithIdentity } from '../exchange/instance.ts'
import { agentRows, clientOf, Folder, openDesk } from './desk.ts'

async function takeIn(instance: Instance, text: string) {
  const opened = await openFile(instance, new File([text], 'sample.json'))
  if (opened.kind !== 'memories') throw new Error(opened.kind)
  await opened.foreign.take()
}

it('is the session of the product page by tool calls alone, a person deciding', async () => {
  const [a, b] = [await openWithIdentity('Harbour'), await openWithIdentity('Port')]
  await takeIn(a, sampleA)
  await takeIn(b, sampleB)
  const folder = new Folder()
  const [deskA, deskB] = [openDesk(a), openDesk(b)]
  const [clientA, clientB] = [clientOf('a', folder), clientOf('b', folder)]
  const path = 'manifest-2026-Q1.json'

  const exporting = deskA.desk.call(clientA, 'omega_federation_export', {
    entity_id: 'incident-response',
    since: '2026-02-01',
    until: '2026-05-01',
    path,
  })
  const asked = await deskA.answer('once')
  expect(asked.ask).toMatchObject({ title: 'Sign and save 152 memories', needsKey: true })
  expect(asked.ask?.key).toEqual({ fingerprint: a.identity.fingerprint, label: 'Harbour' })
  const exported = await exporting
  expect(exported).toMatchObject({
    isError: false,
    text: `wrote ${path}; 152 memories, signed by key fingerprint ${a.identity.fingerprint}`,
    structured: { memories: 152, path, fingerprint: a.identity.fingerprint },
  })
  expect([...folder.files.keys()]).toEqual([path])
  expect(deskA.downloads).toEqual([])

  // Nobody is asked to verify; an import of a stranger's is refused before anybody is asked.
  const verified = await deskB.desk.call(clientB, 'omega_federation_verify', { path })
  expect(verified.text).toMatch(/^leaf hashes consistent, root matches, signature OK, 152 leaves\n/)
  expect(verified.text).toContain('the issuer is NOT on the allowlist')
  expect(verified.structured).toMatchObject({ result: 'ok', trust: { issuer: 'unknown' } })
  const refused = await deskB.desk.call(clientB, 'omega_federation_import', { path })
  expect(refused).toMatchObject({ isError: true, structured: { code: 'untrusted_peer' } })
  expect(deskB.desk.calls.every(({ ask }) => ask === null)).toBe(true)

  const label = 'instance-A'
  const trusting = deskB.desk.call(clientB, 'omega_federation_trust_add', {
    public_key_pem: a.identity.public_key_pem,
    label,
  })
  const trust = await deskB.answer({ word: 'standing', compared: 'phone' })
  expect(trust.ask).toMatchObject({ scope: null, asksComparison: true })
  expect((await trusting).text).toBe(
    `trusted peer added: fingerprint ${a.identity.fingerprint} label "instance-A"`,
  )
  expect(await deskB.desk.listAllowed()).toEqual([])
  const listed = await deskB.desk.call(clientB, 'omega_federation_trust_list', {})
  expect(listed.structured).toMatchObject({
    mode: 'trusted_keys_only',
    peers: [{ fingerprint: a.identity.fingerprint, label, state: 'trusted', compared: 'phone' }],
  })

  // A dry run says what would come of it, and nothing of it is here.
  const counting = deskB.desk.call(clientB, 'omega_federation_import', { path, dry_run: true })
  expect((await deskB.answer('standing')).ask).toMatchObject({ scope: null })
  const dry = await counting
  expect(dry.text).toMatch(/^148 would be imported, 4 already_local/)
  expect(await b.db.count('manifests')).toBe(0)
  expect((await b.db.getAll('batches')).filter(({ state }) => state === 'staged')).toEqual([])

  const importing = deskB.desk.call(clientB, 'omega_federation_import', { path })
  expect((await deskB.answer('standing')).ask?.scope?.about).toBe(`peer:${a.identity.fingerprint}`)
  expect((await importing).text).toMatch(
    /^148 imported, 4 already_local \(idempotent dedup\); from "instance-A"/,
  )
  // From then on imports of this peer are let through.
  const again = await deskB.desk.call(clientB, 'omega_federation_import', { path })
  expect(again.text).toMatch(/^0 imported, 152 already_local \(idempotent dedup\)/)
  expect(deskB.desk.calls[0]).toMatchObject({ consent: 'standing', result: 'ok' })

  const removing = deskB.desk.call(clientB, 'omega_federation_trust_remove', {
    fingerprint: a.identity.fingerprint,
    reason: 'compromised',
  })
  await deskB.answer('once')
  expect((await removing).text).toMatch(/^"instance-A" removed from allowlist: .*; imports refused$/)
  const last = await deskB.desk.call(clientB, 'omega_federation_import', { path })
  expect(last).toMatchObject({ isError: true, structured: { code: 'revoked_peer' } })

  // Deeds and calls are in the chain, under the agent's name; the person's own word is a person's.
  const rows = await agentRows(b)
  expect(rows.map(({ operation }) => operation)).toEqual([
    'agent_called',
    'agent_called',
    'peer_trusted',
    'agent_called',
    'agent_called',
    'agent_called',
    'manifest_imported',
    'agent_called',
    'manifest_imported',
    'agent_called',
    'peer_revoked',
    'agent_called',
    'agent_called',
  ])
  const called = rows.filter(({ operation }) => operation === 'agent_called').map(({ subject }) => subject)
  expect(called.map(({ tool, consent, result }) => [tool, consent, result])).toEqual([
    ['omega_federation_verify', 'none', 'ok'],
    ['omega_federation_import', 'none', 'untrusted_peer'],
    ['omega_federation_trust_add', 'once', 'ok'],
    ['omega_federation_trust_list', 'none', 'ok'],
    ['omega_federation_import', 'once', 'ok'],
    ['omega_federation_import', 'standing', 'ok'],
    ['omega_federation_import', 'standing', 'ok'],
    ['omega_federation_trust_remove', 'once', 'ok'],
    ['omega_federation_import', 'none', 'revoked_peer'],
  ])
  for (const subject of called) expect(isHash(subject['answer']) && isHash(subject['arguments'])).toBe(true)
  expect(await checkIntegrity(b)).toMatchObject({ result: 'holds', faults: [] })
  const given = (await b.db.getAll('audit')).filter(({ operation }) => operation === 'consent_given')
  expect(given.map(({ actor }) => actor)).toEqual(['person'])
})
