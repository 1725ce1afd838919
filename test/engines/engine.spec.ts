import { gzipSync } from 'node:zlib'
import { strict } from '../core/cases.ts'
import { SESSION } from '../e2e/session.ts'
import { cheapBackup, PASSPHRASE, toBackupFile } from '../exchange/cheap-backup.ts'
import { buildManifest, type ManifestOptions } from '../reference/writer.ts'
import {
  at,
  button,
  goTo,
  label,
  link,
  loadSample,
  makeIdentity,
  openBytes,
  press,
  signAndSave,
  text,
} from './steps.ts'
import { expect, test } from './test.ts'

const ONE = 'leaf hashes consistent, root matches, signature OK, 1 leaf'

test('the engine does what verification leans on, and nothing that it must not', async ({ meet, folder }) => {
  const { tab, leave } = await meet('ada')

  await test.step('by its own test', async () => {
    await goTo(tab, 'Identity')
    await tab.click(link('Integrity check'))
    await tab.shows(at('engine'), 'It does what verification leans on')
    const [words = ''] = await tab.texts(at('engine'))
    expect(words).toContain('Signatures are checked by the browser')
    expect(words).not.toMatch(/not in this browser|not as it must be/)
  })

  // What engines accept, or die of, when they are asked alone: refused before any engine is asked.
  const odd = strict.filter(([name]) => /^(low-order A: \d+|S \+ L)$/.test(name))
  expect(odd.length).toBeGreaterThan(5)
  for (const [order, [name, options, expected]] of odd.entries()) {
    await test.step(`refused: ${name}`, async () => {
      const fileName = `odd ${order}.json`
      await openBytes(tab, folder, fileName, buildManifest(options as ManifestOptions).bytes)
      await tab.shows(text(fileName))
      await tab.shows(text(expected![1]))
      await tab.hasNo(button('Import'))
    })
  }

  await test.step('what is right is opened after all of them, packed too', async () => {
    const { bytes } = buildManifest()
    await openBytes(tab, folder, 'whole.json', bytes)
    await tab.reads(at('verdict'), ONE)
    await openBytes(tab, folder, 'whole.json.gz', gzipSync(bytes))
    await tab.shows(text('whole.json.gz'))
    await tab.reads(at('verdict'), ONE)
  })

  await test.step('what is large is checked by further workers, and refused by what one of them says', async () => {
    const memories = Array.from({ length: 60 }, (_, i) => ({ content: `${i} `.repeat(50_000) }))
    const { bytes } = buildManifest({ memories })
    await openBytes(tab, folder, 'large.json', bytes)
    await tab.reads(at('verdict'), 'leaf hashes consistent, root matches, signature OK, 60 leaves')
    const forged = Buffer.from(bytes)
    forged[forged.lastIndexOf('58 58 ')] = 0x20
    await openBytes(tab, folder, 'forged.json', forged)
    await tab.shows(text('content_hash_mismatch'))
    await tab.hasNo(button('Import'))
  })
  await leave()
})

/** What WebKitGTK 2.50 takes for none: see `importPrivateKey`. */
test('a private key that begins with a zero byte is restored, and signs', async ({ meet, folder }) => {
  const { tab, leave } = await meet('ada')
  const seed = crypto.getRandomValues(new Uint8Array(32)).fill(0, 0, 1)
  const backup = toBackupFile(await cheapBackup(PASSPHRASE, seed))
  await openBytes(tab, folder, 'backup.json', new Uint8Array(await backup.arrayBuffer()))
  await tab.fill(label('Passphrase', { exact: true }), PASSPHRASE)
  await tab.click(button('Restore identity'))
  await tab.shows(text('The identity is restored'))
  await loadSample(tab, SESSION.a.sample)
  await tab.shows(at('taken-in'), SESSION.a.added)
  await goTo(tab, 'Exchange')
  await press(tab, 'Export memories')
  const saved = await signAndSave(tab)
  await openBytes(tab, folder, 'signed.json', Buffer.from(saved.text))
  await tab.reads(at('verdict'), /^leaf hashes consistent, root matches, signature OK, \d+ leaves$/)
  await leave()
})

test('it opens with its server gone', async ({ meet, folder, found, form, server }) => {
  test.skip(form === 'one file', 'it has none')
  let ada = await meet('ada')
  await makeIdentity(ada.tab, 'Ada')
  await press(ada.tab, /^This app/)
  await ada.tab.shows(at('offline'), 'It opens here with its server gone')
  await server.stop()
  await ada.tab.reload()
  if (found.keeps) {
    await ada.leave()
    ada = await meet('ada')
  }
  await goTo(ada.tab, 'Identity')
  await ada.tab.shows(at('save-pem'))
  await openBytes(ada.tab, folder, 'whole.json', buildManifest().bytes)
  await ada.tab.reads(at('verdict'), ONE)
  await ada.leave()
})
