import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SESSION } from '../e2e/session.ts'
import { dump, EVERYTHING, HEADS, MEMORIES, tryToReadPrivateKey } from '../e2e/steps.ts'
import {
  at,
  button,
  first,
  goTo,
  goToPeer,
  label,
  last,
  loadSample,
  makeIdentity,
  openFile,
  press,
  signAndSave,
  text,
  trustSigner,
} from './steps.ts'
import { expect, test } from './test.ts'

/** The session of the product (`test/e2e/session.spec.ts`), one after the other: the driver of WebKitGTK has one browser. */
test('A hands 152 memories to B, who takes them in and revokes A', async ({ meet, found }) => {
  const a = await meet('a')
  let [manifest, pem] = ['', '']

  await test.step('A exports what concerns the incident', async () => {
    await makeIdentity(a.tab, SESSION.a.name)
    await loadSample(a.tab, SESSION.a.sample)
    await a.tab.shows(at('taken-in'), SESSION.a.added)
    await goTo(a.tab, 'Identity')
    pem = (await a.tab.download(() => a.tab.click(at('save-pem')))).text
    await goTo(a.tab, 'Exchange')
    await press(a.tab, 'Export memories')
    await a.tab.fill(label('Entity'), SESSION.entity)
    await a.tab.fill(label('Since'), SESSION.since)
    await a.tab.shows(at('export-preview'), `${SESSION.count} memories`)
    const saved = await signAndSave(a.tab)
    manifest = saved.path
    expect(basename(manifest)).toMatch(/^manifest-.*\.json$/)
    await a.tab.shows(at('export-result'), SESSION.exported)
    expect(JSON.parse(saved.text).envelope.header.memory_count).toBe(SESSION.count)
  })
  await a.leave()

  let b = await meet('b')
  await test.step('B reads it, but does not know A: nothing is taken in', async () => {
    await makeIdentity(b.tab, SESSION.b.name)
    await loadSample(b.tab, SESSION.b.sample)
    await b.tab.shows(at('taken-in'), SESSION.b.added)
    const before = await dump(b.tab, EVERYTHING)
    await openFile(b.tab, manifest)
    await b.tab.reads(at('verdict'), SESSION.verdict)
    for (const layer of ['leaves', 'root', 'signature'])
      // Drawn after the verdict.
      await expect.poll(() => b.tab.attribute(`[data-layer=${layer}]`, 'data-status')).toBe('ok')
    await b.tab.shows(text('untrusted_peer'))
    await b.tab.click(at('read-memories'))
    const [memory] = JSON.parse(readFileSync(manifest, 'utf8')).memories
    await b.tab.shows(text(memory.content.slice(0, 40)))
    await b.tab.evaluate(() => history.back())
    await b.tab.reads(at('verdict'), SESSION.verdict)
    await b.tab.hasNo(button('Import'))
    expect(await dump(b.tab, EVERYTHING)).toBe(before)
  })

  await test.step('B trusts A after comparing, verifies again and imports', async () => {
    await trustSigner(b.tab, 'By phone', SESSION.peer)
    expect(JSON.parse(await dump(b.tab, ['peers'])).peers).toMatchObject([
      { label: SESSION.peer, compared: 'phone', state: 'trusted', public_key_pem: pem },
    ])
    await openFile(b.tab, manifest)
    await b.tab.reads(at('verdict'), SESSION.verdict)
    await b.tab.click(button('Import'))
    await b.tab.reads(at('import-result'), SESSION.imported)
    await goTo(b.tab, 'Memories')
    await b.tab.shows(text('209 memories'))
  })

  await test.step('B imports again: nothing changes', async () => {
    const before = await dump(b.tab, [...MEMORIES, ...HEADS])
    await openFile(b.tab, manifest)
    await b.tab.click(button('Import'))
    await b.tab.reads(at('import-result'), SESSION.again)
    expect(await dump(b.tab, [...MEMORIES, ...HEADS])).toBe(before)
  })

  await test.step('all of it is still there when the page, or the browser, is opened again', async () => {
    if (found.keeps) {
      await b.leave()
      b = await meet('b')
    } else await b.tab.reload()
    await goTo(b.tab, 'Memories')
    await b.tab.shows(text('209 memories'))
    if (b.tab.passphrase === null)
      expect(await tryToReadPrivateKey(b.tab)).toEqual({ extractable: false, exported: [] })
    else {
      const [identity] = JSON.parse(await dump(b.tab, ['identities'])).identities
      expect(identity.key ?? null).toBeNull()
    }
    await goTo(b.tab, 'Exchange')
    await press(b.tab, 'Export memories')
    await b.tab.fill(label('Entity'), 'partner-liaison')
    await b.tab.shows(at('export-preview'), '16 memories')
    await b.tab.check(label('Pack it as .json.gz'))
    const { path } = await signAndSave(b.tab)
    expect(JSON.parse(`${gunzipSync(readFileSync(path))}`).envelope.header.memory_count).toBe(16)
    await b.tab.shows(at('export-result'), '16 memories, signed by key fingerprint')
  })

  await test.step('B revokes A: imports are refused, and what came is removed', async () => {
    const fingerprint = JSON.parse(await dump(b.tab, ['peers'])).peers[0].fingerprint as string
    await goToPeer(b.tab, SESSION.peer)
    await press(b.tab, 'Revoke')
    await b.tab.fill(label('Full fingerprint'), fingerprint)
    await b.tab.click(button('Revoke this key'))
    await b.tab.hasNo(button('Revoke this key'))
    await b.tab.shows(text(/revoked/i))
    const before = await dump(b.tab, EVERYTHING)
    await openFile(b.tab, manifest)
    await b.tab.shows(text('revoked_peer'))
    await b.tab.hasNo(button('Import'))
    expect(await dump(b.tab, EVERYTHING)).toBe(before)

    await goToPeer(b.tab, SESSION.peer)
    await press(b.tab, 'Remove its memories')
    await b.tab.click(last(button('Remove its memories')))
    await b.tab.shows(at('removed'), '148 removed')
    await goTo(b.tab, 'Memories')
    await b.tab.shows(text('61 memories'))
  })

  await test.step('B reinstates A, and the import goes through again', async () => {
    await goToPeer(b.tab, SESSION.peer)
    await press(b.tab, 'Reinstate')
    await b.tab.check(label('In person'))
    await b.tab.check(last('internal:role=checkbox'))
    await b.tab.click(button('Reinstate this key'))
    await b.tab.hasNo(button('Reinstate this key'))
    await b.tab.shows(first('internal:role=article'), 'Trusted')
    await openFile(b.tab, manifest)
    await b.tab.click(button('Import'))
    await b.tab.reads(at('import-result'), SESSION.imported)
  })
  await b.leave()
})
