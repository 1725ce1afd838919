import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import { expectNoViolations } from './fit.ts'
import { openProfile } from './profile.ts'
import { goTo, goToHash, openApp } from './steps.ts'

test('the served app carries its policy and opens without a problem', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await page.goto('./')
  await expect(page).toHaveTitle(/Omega Exchange$/)
  await expect(page.locator('meta[http-equiv="Content-Security-Policy"]')).toHaveAttribute(
    'content',
    /default-src 'none'.*require-trusted-types-for 'script'/,
  )
  expect(problems).toEqual([])
  await close()
})

test('what a person waits for is small', () => {
  const dist = (path: string) => readFileSync(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)))
  const html = dist('index.html').toString()
  const scripts = [...html.matchAll(/<(?:script[^>]* src|link rel="modulepreload"[^>]* href)="\.\/([^"]+)"/g)]
  expect(scripts.length).toBeGreaterThan(0)
  const bytes = scripts.reduce((sum, [, path]) => sum + gzipSync(dist(path!)).length, 0)
  expect(bytes).toBeLessThan(100_000)
})

test('a part of the app that does not load is told of, and the others work', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await page.route(/PeersPlace/, (route) => route.abort())
  await openApp(page)
  await page.getByRole('link', { name: 'Peers', exact: true }).click()
  await expect(page.getByText('This part of the app has not loaded')).toBeVisible()
  await goTo(page, 'Exchange')
  expect(problems.filter((problem) => !problem.includes('net::ERR_FAILED'))).toEqual([])
  await page.unroute(/PeersPlace/)
  await goTo(page, 'Peers')
  await page.getByRole('button', { name: 'Load again' }).click()
  await expect(page.getByText('This part of the app has not loaded')).toBeHidden()
  await expect(page.getByRole('heading', { level: 1, name: 'Peers' })).toBeVisible()
  await close()
})

test('of memories whose parts have not loaded the list is there, and the rest is told of', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await page.route(/steps/, (route) => route.abort())
  await page.goto('./#/memories/new')
  await expect(page.getByText('This part of the app has not loaded')).toBeVisible()
  await page.goto('./#/memories')
  await expect(
    page.getByRole('heading', { level: 2, name: 'What your agents remember, kept by you' }),
  ).toBeVisible()
  await page.unroute(/steps/)
  await page.goto('./#/memories/new')
  await page.getByRole('button', { name: 'Load again' }).click()
  await expect(page.getByText('This part of the app has not loaded')).toBeHidden()
  expect(problems.filter((problem) => !problem.includes('net::ERR_FAILED'))).toEqual([])
  await close()
})

test('a place is drawn once, and the rail for all of them: what is about to be clicked is not drawn anew', async () => {
  const { page, close } = await openProfile(test.info().outputPath('profile'))
  await page.addInitScript(() => {
    const drawn: Record<string, number> = { nav: 0, main: 0 }
    Reflect.set(globalThis, '__drawn', drawn)
    const has = (node: Node, name: string) =>
      node instanceof Element && (node.matches(name) || node.querySelector(name) !== null)
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const name in drawn) drawn[name]! += [...addedNodes].filter((node) => has(node, name)).length
    }).observe(document, { childList: true, subtree: true })
  })
  const drawn = () => page.evaluate(() => Reflect.get(globalThis, '__drawn') as { nav: number; main: number })
  await openApp(page)
  // An empty store is found to be one after the first draw.
  await expect(page.getByText('What your agents remember')).toBeVisible()
  // Until all of its parts are here.
  await goTo(page, 'Exchange')
  await expect(page.getByRole('button', { name: 'Export memories' })).toBeVisible()
  await goTo(page, 'Memories')
  const { main } = await drawn()
  await goTo(page, 'Exchange')
  await expect(page.getByRole('heading', { level: 1, name: 'Exchange' })).toBeFocused()
  await expect(page.getByRole('button', { name: 'Export memories' })).toBeVisible()
  expect(await drawn()).toEqual({ nav: 1, main: main + 1 })
  // Within a place the rail is left too.
  for (const [hash, name] of [
    ['#/exchange/export', 'Exchange'],
    ['#/exchange/opened', 'Exchange'],
    ['#/memories/new', 'Memories'],
    ['#/identity/app', 'Identity'],
  ] as const) {
    await goToHash(page, hash)
    const link = page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name, exact: true })
    await link.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeFocused()
  }
  await close()
})

test.describe('a page that does not start', () => {
  const told = { name: 'Omega Exchange has not started' }

  test('opened from disk, it names the file to open instead', async () => {
    const { page, close } = await openProfile(test.info().outputPath('profile'))
    await page.goto(new URL('../../dist/index.html', import.meta.url).href)
    await expect(page.getByRole('heading', told)).toBeVisible()
    await expect(page.getByText('The file to open from disk is omega-exchange.html')).toBeVisible()
    await expectNoViolations(page, 'from disk')
    await close()
  })

  test('served, it says so when its script has not come for long, and gives way to the app', async () => {
    const { page, close } = await openProfile(test.info().outputPath('profile'))
    const heading = page.getByRole('heading', told)
    await page.route(/index-.*\.js/, (route) => route.abort())
    await page.goto('./')
    await expect(heading).toBeHidden()
    await expect(heading).toBeVisible()
    await expectNoViolations(page, 'not started')
    await page.unroute(/index-.*\.js/)
    await openApp(page)
    await expect(page.locator('.starting')).toHaveCount(0)
    await close()
  })
})
