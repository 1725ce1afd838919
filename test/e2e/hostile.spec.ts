import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import type { JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { buildManifest, buildStatement, ISSUER, signerNamed, type Signer } from '../reference/writer.ts'
import { DISGUISES, ELSEWHERE, FILE_NAMES, NAMES, TEXTS } from './payloads.ts'
import { openProfile } from './profile.ts'
import { fileOf, goTo, importOpened, makeIdentity, openApp, openFile, press, trustKey } from './steps.ts'

const pick = <T>(items: readonly T[], at: number): T => items[at % items.length]!
const ascending = (...texts: string[]) => [...new Set(texts)].sort()
const calledBy = (label: string): Signer => ({ ...ISSUER, label })

/** A memory in which every member that may hold text holds something hostile. */
const memories = TEXTS.map((content, at): JsonObject => ({
  content,
  entity_id: pick(NAMES, at),
  event_type: pick(NAMES, at + 7),
  id: pick(NAMES, at + 3),
  tags: ascending(pick(NAMES, at + 1), pick(NAMES, at + 19), pick(NAMES, at + 40)),
  metadata: {
    [content.slice(0, 500)]: pick(TEXTS, at + 5).slice(0, 2000),
    list: [pick(TEXTS, at + 11), null],
  },
  [`x-${pick(NAMES, at + 23)}`]: pick(TEXTS, at + 31),
}))
const NOTE = TEXTS.join('\n').slice(0, 1999)
const manifest = buildManifest({
  memories,
  signers: [calledBy(DISGUISES.trusted)],
  details: {
    note: NOTE,
    selection: {
      entity_id: pick(NAMES, 2),
      event_type: pick(NAMES, 30),
      tags: ascending(pick(NAMES, 4), pick(NAMES, 44)),
      later: pick(TEXTS, 9),
    },
    later: { [pick(TEXTS, 12)]: pick(TEXTS, 13) },
  },
  header: { later: TEXTS.slice(0, 40), expires_at: '2099-01-01T00:00:00.000Z' },
})
const HOSTILE_FILE = 'manifest\u202enosj.exe'

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
        (box) => !signs.some((sign) => sign.contains(box) || box.contains(sign)),
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

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (location.hash = to), hash)
}

test('the watch sees what data must never do', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  expect(problems).toEqual([])
  const planted: readonly [what: RegExp, deed: string][] = [
    [/ran: 1/, `globalThis.__ran = 1`],
    [/element: <img/, `document.body.append(document.createElement('img'))`],
    [/attribute: h1 ping/, `document.querySelector('h1').setAttribute('ping', 'x')`],
    [
      /attribute: a href=javascript/,
      `{ const a = document.createElement('a'); a.href = 'javascript:1'; document.body.append(a) }`,
    ],
    [/csp|ContentSecurityPolicy/, `{ const i = new Image(); i.src = '${ELSEWHERE}/x' }`],
    [/csp|ContentSecurityPolicy/, `try { document.body.innerHTML = '<b>x</b>' } catch {}`],
    [/called: alert/, `alert(1)`],
  ]
  page.on('dialog', (dialog) => void dialog.dismiss())
  for (const [what, deed] of planted) {
    problems.length = 0
    await page.evaluate(deed)
    await expect.poll(() => problems.join('\n'), deed).toMatch(what)
  }
  await close()
})

test('nothing that a stranger writes runs, leads away or passes for ours, wherever it is shown', async () => {
  test.setTimeout(300_000)
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  page.on('dialog', () => problems.push('a dialog of the browser'))
  const calm = () => expect(problems).toEqual([])
  await openApp(page)
  await makeIdentity(page, DISGUISES.verified.slice(0, 60))

  await test.step('files that are nothing, under hostile names', async () => {
    for (const [at, name] of FILE_NAMES.entries()) {
      await openFile(page, fileOf(name, pick(TEXTS, at) || 'x'))
      await expect(page.getByTestId('refusal').or(page.getByTestId('preview')).first()).not.toBeEmpty()
    }
    await inspect(page, 'refusal')
    calm()
  })

  await test.step('an opened manifest: claims in quotation marks, trust and verdict ours', async () => {
    await openFile(page, fileOf(HOSTILE_FILE, manifest.bytes))
    await expect(page.getByTestId('verdict')).toContainText(`${memories.length} leaves`)
    await expect(page.getByText('“').first()).toBeVisible()
    await inspect(page, 'opened')
    await expectAccessible(page, 'opened')
    expect(await page.title()).not.toMatch(/\u202e/)
    // Where a name has something unseen, it says so.
    await expect(page.locator('[data-unseen="U+202E"]').first()).toBeAttached()
    for (const at of memories.keys()) {
      await go(page, `#/exchange/opened/memories/${at + 1}`)
      await expect(page.getByRole('heading', { level: 2, name: `Memory ${at + 1} of` })).toBeVisible()
      // What a button of ours copies begins no formula: an id that is no plain word has none.
      const isPlain = /^[A-Za-z0-9][\w.:-]*$/.test(String(memories[at]!['id']))
      await expect(page.getByRole('button', { name: 'Copy the id' })).toHaveCount(isPlain ? 1 : 0)
      if (at % 16 === 0) await inspect(page, `opened memory ${at}`)
    }
    calm()
  })

  await test.step('trusted under a hostile name, imported, read', async () => {
    await go(page, '#/exchange/opened')
    await trustKey(page, ISSUER.pem, DISGUISES.zalgo)
    await openFile(page, fileOf(HOSTILE_FILE, manifest.bytes))
    await inspect(page, 'trusted')
    expect(await importOpened(page)).toContain('imported')
    await inspect(page, 'imported')
    await goTo(page, 'Memories')
    await inspect(page, 'memories')
    await expectAccessible(page, 'memories')
    await page.getByRole('button', { name: /^Filter/ }).click()
    await inspect(page, 'filter')
    const keys = await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('omega-exchange')
        opening.onsuccess = () => resolve(opening.result)
      })
      const pages = await new Promise<{ keys: Uint8Array }[]>((resolve) => {
        const asked = db.transaction('pages').objectStore('pages').getAll()
        asked.onsuccess = () => resolve(asked.result as { keys: Uint8Array }[])
      })
      db.close()
      return pages.flatMap(({ keys: bytes }) =>
        Array.from({ length: bytes.length / 32 }, (_, at) =>
          [...bytes.subarray(32 * at, 32 * at + 32)]
            .map((byte) => byte.toString(16).padStart(2, '0'))
            .join(''),
        ),
      )
    })
    for (const [at, key] of keys.entries()) {
      await go(page, `#/memories/${key}`)
      await expect(page.getByTestId('memory')).toBeVisible()
      if (at % 16 === 0) await inspect(page, `memory ${at}`)
      if (at % 40 === 0) await expectAccessible(page, `memory ${at}`)
    }
    calm()
  })

  await test.step('what is copied out of the page leads nowhere, and what is printed neither', async () => {
    const copied = await page.evaluate(() => {
      let html = ''
      const caught = (event: ClipboardEvent) => (html = event.clipboardData?.getData('text/html') ?? '')
      document.addEventListener('copy', caught)
      getSelection()!.selectAllChildren(document.querySelector('main')!)
      const range = getSelection()!.getRangeAt(0)
      document.execCommand('copy')
      document.removeEventListener('copy', caught)
      const links = [...range.cloneContents().querySelectorAll('[href], [src]')]
      return { html, links: links.map((link) => link.getAttribute('href') ?? link.getAttribute('src')) }
    })
    expect(copied.html).not.toContain(`href="${ELSEWHERE}`)
    for (const link of copied.links) expect(link).toMatch(/^#/)
    const pdf = (await page.pdf()).toString('latin1')
    const addresses = [...pdf.matchAll(/\/URI\s*\(([^)]*)\)/g)].map(([, address]) => address!)
    for (const address of addresses) expect(address).toContain('127.0.0.1')
  })

  await test.step('peers and their names', async () => {
    for (const [at, label] of Object.values(DISGUISES).entries())
      await trustKey(page, signerNamed(`peer ${at}`).pem, label)
    await goTo(page, 'Peers')
    await inspect(page, 'peers')
    await expectAccessible(page, 'peers')
    const links = await page
      .getByRole('link')
      .evaluateAll((all) =>
        all.map((link) => link.getAttribute('href')!).filter((href) => /^#\/peers\/[0-9a-f]{64}$/.test(href)),
      )
    expect(new Set(links).size).toBeGreaterThan(Object.keys(DISGUISES).length)
    for (const href of new Set(links)) {
      await go(page, href)
      await inspect(page, href)
    }
    await press(page, /^Revoke/)
    await inspect(page, 'revoke')
    calm()
  })

  await test.step('a fork, a statement, memories from elsewhere, an export', async () => {
    const fork = buildManifest({ memories: [{ content: 'x' }], signers: [calledBy(DISGUISES.holds)] })
    await openFile(page, fileOf('\u2067trusted.json', fork.bytes))
    await inspect(page, 'fork')
    await press(page, /Put it on record/)
    await expect(page.getByRole('heading', { level: 1, name: 'Fork in a stream' })).toBeVisible()
    await inspect(page, 'fork decision')

    const header = Object.fromEntries(
      TEXTS.slice(0, 60).map((text, at) => [text.slice(0, 300), pick(TEXTS, at + 1)]),
    )
    const statement = buildStatement('text/<script>__ran=1</script>\u202e', header, [
      calledBy(DISGUISES.long),
    ])
    await openFile(
      page,
      fileOf('statement.json', `${serialize({ format: 'omega-statement/1', statement })}\n`),
    )
    await expect(page.getByTestId('statement')).toBeVisible()
    await inspect(page, 'statement')
    await expectAccessible(page, 'statement')

    const rows = TEXTS.map((content, at) => ({
      content,
      entity_id: pick(NAMES, at),
      tags: [pick(TEXTS, at)],
    }))
    await openFile(page, fileOf('<b>rows</b>.json', JSON.stringify(rows)))
    await expect(page.getByTestId('preview')).toBeVisible()
    await inspect(page, 'foreign')

    await goTo(page, 'Exchange')
    await inspect(page, 'register')
    await press(page, 'Export memories')
    await expect(page.getByTestId('export-preview')).toContainText(/memor/)
    await inspect(page, 'export')
    calm()
  })
  await close()
})
