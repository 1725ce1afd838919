import { readFileSync } from 'node:fs'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type JSHandle, type Locator, type Page } from '@playwright/test'
import { unguard } from '../../src/core/csv.ts'
import type { JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import {
  buildManifest,
  buildStatement,
  ISSUER,
  signerNamed,
  twinSigner,
  type Signer,
} from '../reference/writer.ts'
import {
  DISGUISES,
  DOWNLOADS,
  ELSEWHERE,
  FILE_NAMES,
  HASHES,
  HIDING,
  NAMES,
  ONE_OF_EACH,
  recordsOf,
  RUN_BY_SPREADSHEET,
  TEXTS,
} from './payloads.ts'
import { openProfile, type Profile } from './profile.ts'
import {
  beginExport,
  download,
  fileOf,
  goTo,
  goToHash,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  saveMemory,
  signAndSave,
  trustKey,
  writeMemory,
  LONG,
} from './steps.ts'

const pick = <T>(items: readonly T[], at: number): T => items[at % items.length]!
const ascending = (...texts: string[]) => [...new Set(texts)].sort()
const calledBy = (label: string, signer: Signer = ISSUER): Signer => ({ ...signer, label })
/** A name that has something unseen, whatever else it does: where it is shown as it is, the watch tells. */
const telling = (name: string) => `${name.slice(0, 200)}\u200b\u2060`

/** So many texts to a memory: each stands in it at the start of a line, and all of them in few memories. */
const TEXTS_A_MEMORY = 6
const groups = Array.from({ length: Math.ceil(TEXTS.length / TEXTS_A_MEMORY) }, (_, at) =>
  TEXTS.slice(at * TEXTS_A_MEMORY, (at + 1) * TEXTS_A_MEMORY),
)
const tagsOf = (at: number) =>
  ascending(...NAMES.filter((_, i) => i % groups.length === at), telling(pick(NAMES, at)))

/** Memories in which every member that may hold text holds something hostile. */
const memories = groups.map((texts, at): JsonObject => ({
  // At its very start, where a summary and a list show it too.
  content: telling('') + texts.join('\n'),
  entity_id: telling(pick(NAMES, 3 * at)),
  event_type: telling(pick(NAMES, 3 * at + 1)),
  id: telling(pick(NAMES, 3 * at + 2)),
  tags: tagsOf(at),
  metadata: {
    ...Object.fromEntries(texts.map((text) => [text.slice(0, 500), text.slice(0, 300)])),
    list: [telling(pick(TEXTS, at)), null],
  },
  [`x-${telling(pick(NAMES, at + 23))}`]: { [telling(pick(NAMES, at))]: pick(TEXTS, at + 5).slice(0, 300) },
}))
/** The same memories as another peer has them. */
const others = memories.map((memory, at): JsonObject => ({
  ...memory,
  event_type: telling(pick(NAMES, 3 * at + 4)),
  metadata: { [telling(pick(NAMES, at + 5))]: pick(TEXTS, at + 7).slice(0, 500) },
  [`x-${telling(pick(NAMES, at + 9))}`]: pick(TEXTS, at),
}))
const details = {
  note: `${telling('')}${TEXTS.join('\n')}`.slice(0, 1999),
  audience: ascending('a'.repeat(64), ISSUER.fingerprint),
  selection: {
    entity_id: telling(pick(NAMES, 2)),
    event_type: telling(pick(NAMES, 30)),
    tags: ascending(telling(pick(NAMES, 4)), pick(NAMES, 44)),
    later: pick(TEXTS, 9),
  },
  later: { [pick(TEXTS, 12)]: pick(TEXTS, 13) },
}
const manifest = buildManifest({
  memories,
  signers: [calledBy(telling(DISGUISES.trusted)), twinSigner('P-256')],
  details,
  header: { later: TEXTS.slice(0, 40), expires_at: '2099-01-01T00:00:00.000Z' },
})
const OTHER = signerNamed('another')
const second = buildManifest({ memories: others, signers: [calledBy(telling(DISGUISES.verified), OTHER)] })
const HOSTILE_FILE = 'manifest\u202enosj.exe'

/** Where in `memories` a text of each kind stands. */
const ONE_MEMORY_OF_EACH = [
  ...new Set(ONE_OF_EACH.map((text) => Math.floor(TEXTS.indexOf(text) / TEXTS_A_MEMORY))),
]
/** A memory for each text, and each name as what a memory is about: where a list says no more than that. */
const oneEach = TEXTS.map((content, at): JsonObject => ({
  content,
  entity_id: pick(NAMES, at),
  event_type: pick(NAMES, at + 1),
  tags: ascending(pick(NAMES, at + 2), pick(NAMES, at + 3)),
  metadata: { [content.slice(0, 500)]: pick(TEXTS, at + 1).slice(0, 500) },
}))

/** What a page never does, whatever it shows. */
async function inspect(page: Page, where: string): Promise<void> {
  for (const [width, height] of [
    [360, 740],
    [1280, 900],
  ] as const) {
    await page.setViewportSize({ width, height })
    const { wide, covering } = await page.evaluate(() => {
      const panes = [document.documentElement, ...document.querySelectorAll('.list, .pane, dialog[open]')]
      // A stranger's text that is drawn over a sign of ours: by its box, which marks and long words would enlarge.
      const signs = [
        ...document.querySelectorAll('[data-testid=verdict] h2, [data-testid=trust], [data-layer]'),
      ]
      const boxes = [...document.querySelectorAll('bdi, [dir=auto]')].filter(
        // What is only read out is drawn nowhere.
        (box) =>
          box.closest('.visually-hidden') === null &&
          !signs.some((sign) => sign.contains(box) || box.contains(sign)),
      )
      const cross = (a: DOMRect, b: DOMRect) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
      return {
        wide: panes
          .filter((pane) => pane.scrollWidth > pane.clientWidth + 1)
          .map(({ className }) => className),
        covering: signs.flatMap((sign) => {
          const area = sign.getBoundingClientRect()
          return boxes
            .filter((box) => box.checkVisibility() && cross(box.getBoundingClientRect(), area))
            .map((box) => box.outerHTML.slice(0, 80))
        }),
      }
    })
    expect({ where, width, wide, covering }).toEqual({ where, width, wide: [], covering: [] })
  }
}

async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [where, id, nodes[0]?.html.slice(0, 200)])).toEqual([])
}

/** A browser with the app, in which a breach ends the test where it happened. */
async function begin(name: string): Promise<Profile & { readonly calm: () => void }> {
  const profile = await openProfile(test.info().outputPath(name))
  const { page, problems, context } = profile
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  page.on('dialog', (dialog) => {
    problems.push('a dialog of the browser')
    void dialog.accept()
  })
  await openApp(page)
  return { ...profile, calm: () => expect(problems).toEqual([]) }
}

/** What the page holds, as the browser has it. */
async function openStore(page: Page): Promise<JSHandle<IDBDatabase>> {
  return page.evaluateHandle(
    () =>
      new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('omega-exchange')
        opening.onsuccess = () => resolve(opening.result)
      }),
  )
}

async function keysOf(page: Page): Promise<string[]> {
  const store = await openStore(page)
  return store.evaluate(async (db) => {
    const pages = await new Promise<{ keys: Uint8Array }[]>((resolve) => {
      const asked = db.transaction('pages').objectStore('pages').getAll()
      asked.onsuccess = () => resolve(asked.result as { keys: Uint8Array }[])
    })
    db.close()
    const keys = pages.flatMap(({ keys: bytes }) =>
      Array.from({ length: bytes.length / 32 }, (_, at) =>
        [...bytes.subarray(32 * at, 32 * at + 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      ),
    )
    return [...new Set(keys)]
  })
}

/** Puts another hour into every memory that is held: none is then what was hashed, and all it says stands as it was. */
async function damage(page: Page): Promise<void> {
  const store = await openStore(page)
  await store.evaluate(async (db) => {
    const segments = await new Promise<{ lines: Blob }[]>((resolve) => {
      const asked = db.transaction('segments').objectStore('segments').getAll()
      asked.onsuccess = () => resolve(asked.result as { lines: Blob }[])
    })
    const texts = await Promise.all(segments.map(({ lines }) => lines.text()))
    const writing = db.transaction('segments', 'readwrite')
    for (const [at, segment] of segments.entries()) {
      const lines = new Blob([texts[at]!.replaceAll('"2026-01-02T03:', '"2026-01-02T04:')])
      writing.objectStore('segments').put({ ...segment, lines })
    }
    await new Promise((resolve) => (writing.oncomplete = resolve))
    db.close()
  })
}

/** Addresses that a printed page could be followed to. */
async function printed(page: Page): Promise<string[]> {
  const pdf = (await page.pdf()).toString('latin1')
  return [...pdf.matchAll(/\/URI\s*\(([^)]*)\)/g)].map(([, address]) => address!)
}

async function expectPrintedCalm(page: Page): Promise<void> {
  for (const address of await printed(page)) expect(address).toContain('127.0.0.1')
}

/** What the clipboard really has after a person has copied what `part` shows. */
async function copy(page: Page, part: Locator): Promise<{ text: string; html: string }> {
  // What was copied before would pass for it.
  await page.evaluate(() => navigator.clipboard.writeText(''))
  await part.first().evaluate((element) => getSelection()!.selectAllChildren(element))
  await page.keyboard.press('ControlOrMeta+c')
  return page.evaluate(async () => {
    const [item] = await navigator.clipboard.read()
    const read = async (type: string) =>
      item!.types.includes(type) ? (await item!.getType(type)).text() : ''
    return { text: await read('text/plain'), html: await read('text/html') }
  })
}

/** They are shown to the letter, each in an element that keeps it apart from words of ours. */
async function expectShown(page: Page, ...names: readonly string[]): Promise<void> {
  const shown = () =>
    page
      .locator('main :is(bdi, [dir=auto])')
      .evaluateAll((boxes) => boxes.filter((box) => box.checkVisibility()).map((box) => box.textContent))
  await expect.poll(shown).toEqual(expect.arrayContaining([...names]))
}

/** An element or an attribute that is not of a plain table. */
const LIVE = /<(?!\/?(?:table|tbody|tr|td|br)>)/i
const FORMULA = /(?:^|[\t\n])[\s"]*(?:[=+\-@|%]|https?:|javascript:|mailto:|www\.|\/\/)/

async function expectCopiedCalm(page: Page, part: Locator): Promise<void> {
  const { text, html } = await copy(page, part)
  expect(text).not.toBe('')
  expect(html).not.toMatch(LIVE)
  expect(text).not.toMatch(FORMULA)
}

const COLUMNS = 14
/** What a spreadsheet takes to a cell; what is over begins another. */
const MOST_IN_A_CELL = 32_767

/** Saves the list that is shown. No cell of it runs, whatever the spreadsheet splits at, and no line is broken. */
async function saveList(page: Page): Promise<string[][]> {
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  const { path } = await download(page, () =>
    page.getByRole('dialog').getByRole('button', { name: 'Save the list' }).click(),
  )
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  for (const separator of [',', ';', '\t']) {
    const run = recordsOf(text, separator)
      .flat()
      .filter((cell) => RUN_BY_SPREADSHEET.test(cell))
    expect(run.map((cell) => cell.slice(0, 80))).toEqual([])
  }
  const [, ...records] = recordsOf(text)
  const lengths = records.flat().map(({ length }) => length)
  expect(lengths.filter((length) => length > MOST_IN_A_CELL)).toEqual([])
  expect(new Set(records.map(({ length }) => length))).toEqual(new Set([COLUMNS]))
  return records
}

/** Opens the hostile manifest and waits until it is checked: what was open before is gone by then. */
async function openHostile(page: Page): Promise<void> {
  await openFile(page, fileOf(HOSTILE_FILE, manifest.bytes))
  await expect(page.getByTestId('verdict')).toContainText(`${memories.length} leaves`)
}

async function importAs(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await openFile(page, fileOf(name, bytes))
  await expect(page.getByTestId('verdict')).toBeVisible()
  expect(await importOpened(page)).toContain('imported')
}

/** Reads memories of what is open; `looked` says at which of them it is looked closely. */
async function readOpened(
  page: Page,
  which: Iterable<number>,
  looked: (at: number) => boolean,
): Promise<void> {
  await goToHash(page, '#/exchange/opened/memories')
  await inspect(page, 'opened memories')
  for (const at of which) {
    await goToHash(page, `#/exchange/opened/memories/${at + 1}`)
    await expect(page.getByRole('heading', { level: 2, name: `Memory ${at + 1} of` })).toBeVisible()
    // An id that is no plain one is a stranger's text.
    await expect(page.getByRole('button', { name: 'Copy the id' })).toHaveCount(0)
    if (looked(at)) await inspect(page, `opened memory ${at}`)
  }
}

/** The list of what is held, with its filters open. */
async function readList(page: Page): Promise<void> {
  await goTo(page, 'Memories')
  await page.getByRole('button', { name: /^Filter/ }).click()
  await inspect(page, 'filter')
  await expectPrintedCalm(page)
  await expectCopiedCalm(page, page.locator('.rows'))
}

/** A memory that is held, on the screen, copied and on paper. */
async function readHeld(page: Page, key: string): Promise<void> {
  await goToHash(page, `#/memories/${key}`)
  await expect(page.getByTestId('memory')).toBeVisible()
  await inspect(page, `memory ${key}`)
  await expectCopiedCalm(page, page.getByTestId('memory'))
  await expectPrintedCalm(page)
}

test('the watch sees what data must never do', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  expect(problems).toEqual([])
  const add = (text: string, name = 'p') =>
    `{ const e = document.createElement('${name}'); e.textContent = ${JSON.stringify(text)}; document.body.append(e) }`
  const planted: readonly [what: RegExp, deed: string][] = [
    [/ran: 1/, `globalThis.__ran = 1`],
    [/element: <img/, `document.body.append(document.createElement('img'))`],
    [/attribute: h1 ping/, `document.querySelector('h1').setAttribute('ping', 'x')`],
    [
      /attribute: a href=javascript/,
      `{ const a = document.createElement('a'); a.href = 'javascript:1'; document.body.append(a) }`,
    ],
    [/csp|ContentSecurityPolicy/, `{ const i = new Image(); i.src = '${ELSEWHERE}/x' }`],
    [/csp|ContentSecurityPolicy/, `{ const i = new Image(); i.src = 'data:image/png;base64,' }`],
    [/csp|ContentSecurityPolicy/, `try { document.body.innerHTML = '<b>x</b>' } catch {}`],
    [/called: alert/, `alert(1)`],
    ...HIDING.map((text): [RegExp, string] => [/unseen: text/, add(text)]),
    [/unseen: text/, `document.querySelector('h1').firstChild.data = 'a\u200bb'`],
    [/unseen: text/, add('a\u00adb', 'bdi')],
    [/unseen: text of option/, add('a\u200bb', 'option')],
    [/unseen: text of title/, `document.title = 'a\u202eb'`],
    [/unseen: title/, `document.querySelector('h1').title = 'a\u200bb'`],
    [/unseen: aria-label/, `document.querySelector('h1').setAttribute('aria-label', 'a\u2066b')`],
    [/turned: text/, add(DISGUISES.hebrew)],
    [/turned: title/, `document.querySelector('h1').title = ${JSON.stringify(DISGUISES.arabic)}`],
  ]
  page.on('dialog', (dialog) => void dialog.dismiss())
  for (const [what, deed] of planted) {
    problems.length = 0
    await page.evaluate(deed)
    await expect.poll(() => problems.join('\n'), deed).toMatch(what)
  }
  problems.length = 0
  for (const text of [DISGUISES.emoji, 'e\u0301\u0323', 'it’s “so”', `\u2068${DISGUISES.hebrew}\u2069`])
    await page.evaluate(add(text, 'bdi'))
  await page.evaluate(`document.title = ${JSON.stringify(`\u2068${DISGUISES.hebrew}\u2069 · Memories`)}`)
  expect(problems).toEqual([])
  // And so does what looks at a printed page.
  await page.evaluate(
    `{ const a = document.createElement('a'); a.textContent = 'x'; a.setAttribute('href', 'https://elsewhere.invalid/'); document.querySelector('main').append(a) }`,
  )
  expect(await printed(page)).toContainEqual(expect.stringContaining('elsewhere.invalid'))
  await close()
})

test('opened: nothing that a stranger writes runs, leads away or passes for ours', LONG, async () => {
  test.setTimeout(300_000)
  const { page, problems, calm, close } = await begin('opened')
  await makeIdentity(page, telling('Me'))

  await test.step('addresses', async () => {
    for (const hash of HASHES) {
      await goToHash(page, hash)
      await expect(page.locator('main')).not.toContainText('made a mistake')
      expect(await page.title()).toMatch(/^[\w ]+ · Omega Exchange$/)
    }
    await goTo(page, 'Identity')
    calm()
  })

  await test.step('files that are nothing, under hostile names; what is pasted', async () => {
    for (const [at, name] of FILE_NAMES.entries()) {
      await openFile(page, fileOf(name, pick(TEXTS, at) || 'x'))
      await expect(page.getByTestId('refusal').or(page.getByTestId('preview')).first()).not.toBeEmpty()
    }
    await inspect(page, 'refusal')
    for (const text of [TEXTS.join('\n'), `[${JSON.stringify(pick(TEXTS, 3))}]`, HIDING.join('')]) {
      await page.evaluate((pasted) => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', pasted)
        clipboardData.setData('text/html', pasted)
        document.body.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
        )
      }, text)
      await expect(page.getByTestId('refusal')).toContainText('pasted')
    }
    await page.evaluate((names) => {
      const dataTransfer = new DataTransfer()
      for (const name of names) dataTransfer.items.add(new File(['x'], name))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    }, FILE_NAMES)
    await expect(page.getByText('files were dropped')).toBeVisible()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await openFile(page, fileOf('backup\u202enosj.exe', '{"cipher":{},"format":"omega-identity-backup/1"}\n'))
    await expect(page.getByRole('heading', { level: 1, name: 'Restore from a backup' })).toBeVisible()
    calm()
  })

  await test.step('a manifest: claims in quotation marks, trust and verdict ours', async () => {
    await openHostile(page)
    const claim = page.locator('.signer h3')
    expect(await claim.innerText()).toMatch(/^“.*”$/s)
    await expect(page.getByText('A signature of another kind')).toBeVisible()
    // Where a name has something unseen, it says so.
    await expect(page.locator('[data-unseen="U+202E"]').first()).toBeAttached()
    await inspect(page, 'opened')
    await expectAccessible(page, 'opened')
    await expectPrintedCalm(page)
    const { text, html } = await copy(page, page.locator('.pane'))
    expect(text).toContain('calls itself')
    expect(html).not.toMatch(LIVE)
    expect(text).not.toMatch(FORMULA)
    calm()
  })

  await test.step('its memories', async () => {
    await readOpened(page, memories.keys(), (at) => at % 8 === 0)
    await expectPrintedCalm(page)
    calm()
  })

  await test.step('under the names that it is saved by', async () => {
    for (const [name, saved] of DOWNLOADS) {
      await openFile(page, fileOf(name, buildManifest().bytes))
      const { download: file } = await download(page, () =>
        page.getByRole('button', { name: 'Save report' }).click(),
      )
      expect(file.suggestedFilename()).toBe(saved)
    }
    calm()
  })

  await test.step('a statement, a fork of what was imported', async () => {
    const header = Object.fromEntries(
      TEXTS.slice(0, 48).map((text, at) => [telling(text.slice(0, 300)), pick(TEXTS, at + 1)]),
    )
    const statement = buildStatement('text/<script>__ran=1</script>\u202e', header, [
      calledBy(telling(DISGUISES.long)),
    ])
    await openFile(page, fileOf('a\u200b.json', `${serialize({ format: 'omega-statement/1', statement })}\n`))
    await expect(page.getByTestId('statement')).toBeVisible()
    expect(await page.locator('.signer h3').innerText()).toMatch(/^“.*”$/s)
    await inspect(page, 'statement')
    await expectAccessible(page, 'statement')
    await expectPrintedCalm(page)
    await expectCopiedCalm(page, page.locator('.pane'))
    calm()
  })

  await test.step('memories from elsewhere', async () => {
    const rows = [
      ...NAMES.slice(0, 20).map((name) => ({
        content: telling(name),
        entity_id: telling(name),
        event_type: telling(name),
        [telling(name)]: 1,
      })),
      ...TEXTS.map((content, at) => ({ content, entity_id: pick(NAMES, at), tags: [pick(TEXTS, at)] })),
    ]
    await openFile(page, fileOf('<b>rows</b>\u200b.json', JSON.stringify(rows)))
    const preview = page.getByTestId('preview')
    await expect(preview).toBeVisible()
    // The name of a member is a stranger's, what is said of it is ours: they are two.
    await expect(preview.locator('.quoted').first()).toBeVisible()
    await inspect(page, 'foreign')
    await expectPrintedCalm(page)
    await page.getByRole('button', { name: /^Take in/ }).click()
    await expect(page.getByTestId('taken-in')).toBeVisible()
    calm()
  })
  expect(problems).toEqual([])
  await close()
})

test('held: nothing that a stranger wrote runs, leads away or passes for ours', LONG, async () => {
  test.setTimeout(300_000)
  const { page, problems, calm, close } = await begin('held')
  await makeIdentity(page, telling(DISGUISES.verified.slice(0, 60)))

  await test.step('trusted under its claim, imported', async () => {
    await openHostile(page)
    await press(page, /Trust this signer/)
    await expect(page.locator('.quoted').first()).toBeVisible()
    await inspect(page, 'trust')
    await trustKey(page, ISSUER.pem, telling(DISGUISES.hebrew))
    await trustKey(page, OTHER.pem, telling(DISGUISES.arabic))
    await openHostile(page)
    await inspect(page, 'trusted')
    await goToHash(page, '#/exchange/opened/memories/1')
    await expect(page.getByText('Written by the signer')).toBeVisible()
    await goToHash(page, '#/exchange/opened')
    expect(await importOpened(page)).toContain('imported')
    await press(page, 'See it in the register')
    await expect(page.getByText('Chosen by')).toBeVisible()
    await inspect(page, 'register entry')
    await expectPrintedCalm(page)
    await expectCopiedCalm(page, page.getByTestId('manifest'))
    await importAs(page, '\u2067second.json', second.bytes)
    calm()
  })

  await test.step('listed', async () => {
    await readList(page)
    await expectAccessible(page, 'memories')
    await goToHash(page, `#/memories/peer/${ISSUER.fingerprint}`)
    await expect(page.getByTestId('count')).toContainText('from')
    await goToHash(page, `#/memories/peer/${'f'.repeat(64)}`)
    await expect(page.getByLabel('Origin')).toHaveValue('f'.repeat(64))
    await page.getByRole('button', { name: 'Clear filters' }).click()
    expect(await saveList(page)).toHaveLength(memories.length)
    calm()
  })

  const keys = await keysOf(page)
  await test.step('read, with what else attests it', async () => {
    expect(keys).toHaveLength(memories.length)
    for (const [at, key] of keys.entries()) {
      await goToHash(page, `#/memories/${key}`)
      await expect(page.getByTestId('memory')).toBeVisible()
      if (at % 4 !== 0) continue
      await page.getByTestId('attestations').locator('summary').first().click()
      await expect(page.getByTestId('attestations').locator('table').first()).toBeVisible()
      if (at === 0) await expectAccessible(page, `memory ${at}`)
      if (at % 8 !== 0) continue
      await readHeld(page, key)
      await page.getByRole('button', { name: 'Copy the metadata as JSON' }).click()
      const json = await page.evaluate(() => navigator.clipboard.readText())
      expect(json).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f]/)
      expect(JSON.parse(json)).toBeInstanceOf(Object)
    }
    calm()
  })

  await test.step('edited, and edited again', async () => {
    for (const key of keys.slice(0, 2)) {
      await goToHash(page, `#/memories/${key}/edit`)
      const form = page.getByRole('form', { name: 'Memory' })
      // What cannot be marked in a field is told beside it, and in JSON it is escaped.
      await expect(form.getByText(/^Not seen in it: /).first()).toBeVisible()
      const metadata = await form.getByLabel('Metadata (JSON)').inputValue()
      expect(metadata).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f]/)
      await inspect(page, 'edit')
      await saveMemory(page, { date: '2026-01-02' })
      await press(page, 'Edit')
      await saveMemory(page, { date: '2026-01-03' })
      await page.getByTestId('earlier').locator('summary').first().click()
      await expect(page.getByTestId('earlier').locator('dl').first()).toBeVisible()
      await inspect(page, 'earlier')
    }
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    calm()
  })

  await test.step('exported', async () => {
    await beginExport(page)
    await inspect(page, 'export')
    await page.getByLabel('Note').fill(HIDING.join('').slice(0, 500))
    await page.getByLabel('Its name').fill(telling('Stream'))
    await page.getByRole('group', { name: 'Meant for' }).getByRole('checkbox').first().check()
    await signAndSave(page)
    await inspect(page, 'exported')
    await page.getByRole('link', { name: 'Its entry in the register' }).click()
    await expect(page.getByText('Chosen by')).toBeVisible()
    await beginExport(page)
    calm()
  })

  await test.step('peers: listed, renamed, revoked with a reason, reinstated, taken out', async () => {
    for (const [at, label] of Object.values(DISGUISES).entries())
      if (at % 4 === 0) await trustKey(page, signerNamed(`peer ${at}`).pem, telling(label))
    await goTo(page, 'Peers')
    await inspect(page, 'peers')
    await expectAccessible(page, 'peers')
    await goToHash(page, `#/peers/${ISSUER.fingerprint}`)
    await inspect(page, 'peer')
    await expectPrintedCalm(page)
    await page.getByRole('button', { name: 'Rename' }).click()
    await expect(page.getByText(/^Not seen in it: /)).toBeVisible()
    await page.getByRole('button', { name: 'Keep the old name' }).click()
    await press(page, /^Revoke/)
    await page.getByLabel('Full fingerprint').fill(ISSUER.fingerprint)
    await page.getByLabel('Reason').fill(telling(DISGUISES.hebrew))
    await page.getByRole('button', { name: 'Revoke this key' }).click()
    await expect(page.getByRole('button', { name: 'Reinstate' })).toBeVisible()
    await inspect(page, 'revoked')
    await press(page, 'Remove its memories')
    await expect(page.getByRole('heading', { name: 'Remove its memories?' })).toBeVisible()
    await goToHash(page, `#/peers/${ISSUER.fingerprint}/reinstate`)
    await expect(page.getByText('You gave a reason')).toBeVisible()
    await inspect(page, 'reinstate')
    await goTo(page, 'Peers')
    await press(page, 'Add a peer')
    await page.getByLabel('Public key (PEM)').fill(OTHER.pem)
    await expect(page.getByText('It is on your list as')).toBeVisible()
    await press(page, 'Another key')
    await page.getByLabel('Public key (PEM)').fill(ISSUER.pem)
    await expect(page.getByText('Your reason')).toBeVisible()
    await inspect(page, 'revoked key')
    await openHostile(page)
    await expect(page.getByText(/was revoked/).first()).toBeVisible()
    calm()
  })

  await test.step('a fork', async () => {
    const fork = buildManifest({
      memories: [{ content: 'x' }],
      signers: [calledBy(telling(DISGUISES.holds), OTHER)],
    })
    await openFile(page, fileOf('\u2067trusted.json', fork.bytes))
    await inspect(page, 'fork')
    await press(page, /Put it on record/)
    await expect(page.getByRole('heading', { level: 1, name: 'Fork in a stream' })).toBeVisible()
    await inspect(page, 'fork decision')
    await expectPrintedCalm(page)
    await goTo(page, 'Exchange')
    await inspect(page, 'waiting')
    calm()
  })
  expect(problems).toEqual([])
  await close()
})

test('in short: what a stranger writes is opened, imported, listed and read, and does nothing', async () => {
  const { page, problems, calm, close } = await begin('short')
  await openHostile(page)
  await inspect(page, 'opened')
  await readOpened(page, ONE_MEMORY_OF_EACH, () => false)
  calm()
  await trustKey(page, ISSUER.pem, DISGUISES.marks)
  await openHostile(page)
  expect(await importOpened(page)).toContain('imported')
  await readList(page)
  expect(await saveList(page)).toHaveLength(memories.length)
  const [key] = await keysOf(page)
  await readHeld(page, key!)
  expect(problems).toEqual([])
  await close()
})

test('claimed: no name that a signer gives itself runs, leads away or passes for ours', LONG, async () => {
  test.setTimeout(180_000)
  const { page, problems, calm, close } = await begin('claimed')
  const claim = page.locator('.signer h3 bdi')
  for (const label of NAMES) {
    const looked = ONE_OF_EACH.includes(label)
    await openFile(page, fileOf('x.json', buildManifest({ signers: [calledBy(label)] }).bytes))
    await expect(claim).toHaveJSProperty('textContent', label)
    if (looked) {
      await inspect(page, `claim ${label}`)
      await expectPrintedCalm(page)
    }
    await goToHash(page, '#/peers/trust/opened')
    await expectShown(page, label)
    calm()
    if (!looked) continue
    // What is suggested is offered in a field, and only where it is what it looks like.
    await page.getByLabel('Not compared').check()
    const isPlain = label !== DISGUISES.marks
    await expect(page.getByLabel('Your name for this peer')).toHaveValue(isPlain ? label : '')
    await inspect(page, `trust ${label}`)
    await expectCopiedCalm(page, page.locator('main'))
    const statement = buildStatement('x', {}, [calledBy(label)])
    await openFile(page, fileOf('x.json', `${serialize({ format: 'omega-statement/1', statement })}\n`))
    await expect(page.getByTestId('statement')).toBeVisible()
    await expect(claim).toHaveJSProperty('textContent', label)
    calm()
  }
  expect(problems).toEqual([])
  await close()
})

test('named: no name or reason that a person gives runs, leads away or passes for ours', LONG, async () => {
  test.setTimeout(180_000)
  const { page, problems, calm, close } = await begin('named')
  const peers = ONE_OF_EACH.map((name, at) => {
    const signer = signerNamed(name)
    const claim = pick(ONE_OF_EACH, at + 1)
    const drafts = [{ content: 'Known to all' }, { content: pick(ONE_OF_EACH, at + 2), entity_id: name }]
    const { id, bytes } = buildManifest({ memories: drafts, signers: [calledBy(claim, signer)] })
    return { name, claim, reason: claim, signer, id, bytes }
  })
  const names = peers.map(({ name }) => name)
  const ofPeer = ({ signer }: (typeof peers)[number], deed = '') =>
    goToHash(page, `#/peers/${signer.fingerprint}${deed}`)

  await test.step('trusted, and imported from', async () => {
    for (const [at, { name, claim, signer, bytes }] of peers.entries()) {
      await trustKey(page, signer.pem, name)
      await openFile(page, fileOf(pick(FILE_NAMES, at), bytes))
      await expectShown(page, name, claim)
      expect(await importOpened(page)).toContain('imported')
      await goToHash(page, '#/peers/trust/opened')
      await expect(page.getByText('It is on your list as')).toBeVisible()
      await expectShown(page, name, claim)
      calm()
    }
  })

  await test.step('the peers', async () => {
    await goTo(page, 'Peers')
    await expectShown(page, ...names)
    await inspect(page, 'peers')
    await expectPrintedCalm(page)
    await expectCopiedCalm(page, page.locator('.list'))
    for (const peer of peers) {
      for (const deed of ['/revoke', '/remove', '']) {
        await ofPeer(peer, deed)
        await expectShown(page, peer.name)
      }
      await inspect(page, `peer ${peer.name}`)
      calm()
    }
  })

  await test.step('where memories come from', async () => {
    for (const { name, signer } of peers) {
      await goToHash(page, `#/memories/peer/${signer.fingerprint}`)
      await expect(page.getByTestId('count')).toContainText('from')
      await expectShown(page, name)
    }
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await expectCopiedCalm(page, page.locator('.rows'))
    expect(await saveList(page)).toHaveLength(peers.length + 1)
    await page.getByTestId('memory-row').filter({ hasText: 'Known to all' }).click()
    await expectShown(page, ...names)
    await inspect(page, 'attestations')
    calm()
  })

  await test.step('the register, and whom a manifest names', async () => {
    await goTo(page, 'Exchange')
    await expectShown(page, ...names)
    await inspect(page, 'register')
    for (const { id, name, claim } of peers) {
      await goToHash(page, `#/exchange/manifest/${id}`)
      await expectShown(page, name, claim)
    }
    await inspect(page, 'register entry')
    await expectPrintedCalm(page)
    const [first, ...others] = peers.map(({ signer }) => signer)
    const fingerprints = peers.map(({ signer }) => signer.fingerprint)
    const joint = buildManifest({
      signers: [first!, ...others],
      details: { audience: ascending(...fingerprints) },
    })
    await openFile(page, fileOf('x.json', joint.bytes))
    await expect(page.getByText('Also signed by')).toBeVisible()
    await expectShown(page, ...names)
    await inspect(page, 'signed by all')
    calm()
  })

  await test.step('forks', async () => {
    for (const { name, claim, signer } of peers) {
      const fork = buildManifest({ memories: [{ content: 'x' }], signers: [calledBy(claim, signer)] })
      await openFile(page, fileOf('x.json', fork.bytes))
      await press(page, /Put it on record/)
      await expect(page.getByRole('heading', { level: 1, name: 'Fork in a stream' })).toBeVisible()
      await expectShown(page, name)
      calm()
    }
    await inspect(page, 'fork')
    await goTo(page, 'Exchange')
    const waiting = page.getByRole('list', { name: 'Waiting for your decision' })
    await expect(waiting.getByRole('listitem')).toHaveCount(peers.length)
    await inspect(page, 'waiting')
    await expectPrintedCalm(page)
    await expectCopiedCalm(page, waiting)
    calm()
  })

  await test.step('revoked, each for a reason', async () => {
    for (const peer of peers) {
      await ofPeer(peer, '/revoke')
      await page.getByLabel('Full fingerprint').fill(peer.signer.fingerprint)
      await page.getByLabel('Reason').fill(peer.reason)
      await page.getByRole('button', { name: 'Revoke this key' }).click()
      await expect(page.getByRole('button', { name: 'Reinstate' })).toBeVisible()
      await expectShown(page, peer.name, peer.reason)
      await ofPeer(peer, '/reinstate')
      await expect(page.getByText('You gave a reason')).toBeVisible()
      await expectShown(page, peer.name, peer.reason)
      calm()
    }
    await inspect(page, 'reinstate')
    await expectPrintedCalm(page)
    await expectCopiedCalm(page, page.locator('main'))
  })
  expect(problems).toEqual([])
  await close()
})

test('called: no name of this instance or a stream runs, leads away or passes for ours', LONG, async () => {
  test.setTimeout(180_000)
  const { page, problems, calm, close } = await begin('called')
  await makeIdentity(page, ONE_OF_EACH.at(-1)!)
  await writeMemory(page, { text: 'x', entity: 'x' })
  for (const [at, name] of ONE_OF_EACH.entries()) {
    const stream = pick(ONE_OF_EACH, at + 1)
    await goTo(page, 'Identity')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByLabel('Name of this instance').fill(name)
    await page.getByRole('button', { name: 'Rename', exact: true }).click()
    await expectShown(page, name)
    await beginExport(page)
    await expectShown(page, name)
    await page.getByLabel('Stream').selectOption('A new one')
    await page.getByLabel('Its name').fill(stream)
    const { text, json } = await signAndSave(page)
    await page.getByRole('link', { name: 'Its entry in the register' }).click()
    await expect(page.getByText('Chosen by')).toBeVisible()
    await expectShown(page, name, stream)
    await inspect(page, `exported by ${name}`)
    await openFile(page, fileOf('x.json', text))
    await expect(page.getByText('Signed by you, as')).toBeVisible()
    await expectShown(page, name)
    await beginExport(page)
    await page.getByLabel('Stream').selectOption(json.envelope.header.stream)
    await expectShown(page, name, stream)
    await openFile(page, fileOf('x.json', JSON.stringify([{ content: `Row ${at}` }])))
    await expect(page.getByTestId('preview')).toBeVisible()
    await expectShown(page, name)
    calm()
  }
  await goTo(page, 'Identity')
  await inspect(page, 'identity')
  await expectPrintedCalm(page)
  expect(problems).toEqual([])
  await close()
})

test('listed: all that was written is saved as CSV, then found damaged, and does nothing', LONG, async () => {
  test.setTimeout(180_000)
  const { page, problems, calm, close } = await begin('listed')
  await trustKey(page, ISSUER.pem, '=1+1')
  // And one of which no cell holds all: what would be over begins as all of it does.
  const long = '=1\n'.repeat(11_000)
  const listed = [...oneEach, { content: long }]
  await importAs(page, '=HYPERLINK("x").json', buildManifest({ memories: listed }).bytes)

  await test.step('saved as CSV', async () => {
    await readList(page)
    const records = await saveList(page)
    expect(records).toHaveLength(listed.length)
    // Guarded, and still the very text of it.
    const saved = records.map((cells) => unguard(cells[4]!))
    expect(new Set(saved.filter((text) => !text.startsWith(long.slice(0, 100))))).toEqual(new Set(TEXTS))
    expect(new Set(records.map((cells) => cells[7]))).toEqual(new Set([`'=1+1`]))
    calm()
  })

  await test.step('found damaged', async () => {
    await damage(page)
    await goTo(page, 'Identity')
    await press(page, 'Integrity check')
    await press(page, 'Check everything')
    const found = page.getByTestId('fault').filter({ hasText: 'A memory is not what was hashed' })
    await expect(found).toBeVisible({ timeout: 30_000 })
    await found.getByRole('button', { name: 'Show more' }).click()
    await expectShown(page, ...NAMES)
    await inspect(page, 'faults')
    await expectAccessible(page, 'faults')
    await expectCopiedCalm(page, found)
    await expectPrintedCalm(page)
    calm()
  })
  expect(problems).toEqual([])
  await close()
})

test('no name is drawn over words of ours', LONG, async () => {
  test.setTimeout(120_000)
  const { page, close } = await begin('ink')
  for (const [name, label] of Object.entries({
    up: [...'Wave'].map((each) => each + '\u030f'.repeat(5)).join(''),
    down: [...'Wave'].map((each) => each + '\u0323'.repeat(5)).join(''),
    start: '\u0338\u20dd\u20e4Ada',
    rings: 'T\u20dd\u20ddX\u20e0\u20e0',
    cuneiform: '\u{12031}'.repeat(6),
    wide: DISGUISES.wide,
    zalgo: DISGUISES.zalgo,
    long: DISGUISES.long,
  })) {
    await openFile(page, fileOf('x.json', buildManifest({ signers: [calledBy(label)] }).bytes))
    await press(page, /Trust this signer/)
    const claim = page.locator('.quoted bdi').first()
    await expect(claim).toBeVisible()
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      // All but its own box: with the name drawn, and without.
      const shot = () => page.screenshot({ mask: [claim], animations: 'disabled' })
      const drawn = await shot()
      await claim.evaluate((box: HTMLElement) => (box.style.visibility = 'hidden'))
      const blank = await shot()
      await claim.evaluate((box: HTMLElement) => (box.style.visibility = ''))
      expect(drawn.equals(blank), `${name} at ${width}`).toBe(true)
    }
  }
  await close()
})

test('the text of a memory is copied to the letter, with a hint where a spreadsheet would run it', async () => {
  const { page, calm, close } = await begin('exact')
  const content = '=HYPERLINK("https://elsewhere.invalid","Open")\n\u2067x'
  await trustKey(page, ISSUER.pem, 'Partner')
  await openFile(page, fileOf('x.json', buildManifest({ memories: [{ content, tags: ['=1+1'] }] }).bytes))
  await importOpened(page)
  await goTo(page, 'Memories')
  await page.getByTestId('memory-row').first().click()
  const { text, html } = await copy(page, page.getByTestId('content'))
  expect([text, html]).toEqual([content, ''])
  await expect(page.getByTestId('copied')).toContainText('A spreadsheet may take')
  // With anything else around it, it is guarded.
  const more = await copy(page, page.getByTestId('memory'))
  expect(more.text).toContain(`'=HYPERLINK`)
  expect(more.html).toContain(`'=HYPERLINK`)
  await expect(page.getByTestId('copied')).toBeEmpty()
  calm()
  await close()
})

test('a peer cannot be called by a word of ours', async () => {
  const { page, calm, close } = await begin('words')
  await goTo(page, 'Peers')
  await press(page, 'Add a peer')
  await page.getByLabel('Public key (PEM)').fill(ISSUER.pem)
  await page.getByLabel('Not compared').check()
  for (const word of ['You', 'own', 'Аny']) {
    await page.getByLabel('Your name for this peer').fill(word)
    await page.getByRole('button', { name: 'Trust this key' }).click()
    await expect(page.getByText('The program uses this word for its own')).toBeVisible()
  }
  await page.getByLabel('Your name for this peer').fill('Partner')
  await page.getByRole('button', { name: 'Trust this key' }).click()
  await expect(page.getByRole('heading', { name: 'This key is trusted now' })).toBeVisible()
  calm()
  await close()
})
