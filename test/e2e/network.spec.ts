import { expect, test } from '@playwright/test'
import { buildManifest } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { fileOf, openApp, openFile } from './steps.ts'

const ELSEWHERE = 'http://127.0.0.1:9/'

/** So that an empty list of problems means something. */
test('a request to elsewhere is blocked by the policy, and the watch sees it', async () => {
  const { page, baseURL, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await openFile(page, fileOf('manifest.json', buildManifest().bytes))
  await expect(page.getByTestId('verdict')).toBeVisible()
  expect(problems).toEqual([])

  await test.step('from the page', async () => {
    const answer = await page.evaluate((url) => fetch(url).then(() => 'sent', String), ELSEWHERE)
    expect(answer).toContain('TypeError')
    await expect.poll(() => problems.join('\n')).toContain(`csp: connect-src blocked ${ELSEWHERE}`)
  })

  await test.step('not even to its own origin', async () => {
    const answer = await page.evaluate(() => fetch('./index.html').then(() => 'sent', String))
    expect(answer).toContain('TypeError')
  })

  await test.step('from the worker', async () => {
    const [worker] = page.workers()
    for (const url of [ELSEWHERE, baseURL]) {
      const answer = await worker!.evaluate((to) => fetch(to).then(() => 'sent', String), url)
      expect(answer).toContain('TypeError')
    }
  })

  await test.step('nor by a picture, a beacon, a frame, a link', async () => {
    problems.length = 0
    await page.evaluate((url) => {
      new Image().src = `${url}picture`
      navigator.sendBeacon(`${url}beacon`, 'x')
      const frame = document.createElement('iframe')
      frame.src = `${url}frame`
      document.body.append(frame)
      const link = document.createElement('link')
      link.rel = 'stylesheet'
      link.href = `${url}style`
      document.head.append(link)
    }, ELSEWHERE)
    for (const what of ['picture', 'beacon', 'frame', 'style'])
      await expect.poll(() => problems.filter((each) => each.startsWith('csp:')).join('\n')).toContain(what)
  })
  await close()
})

test('without the policy requests do leave, from a page and from a worker, and the watch sees them', async () => {
  const { context, page, baseURL, problems, close } = await openProfile(test.info().outputPath('profile'))
  await context.route(`${baseURL}bare.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>No policy</title>' }),
  )
  await page.goto('./bare.html')
  await page.evaluate((url) => fetch(`${url}page`).catch(() => undefined), ELSEWHERE)
  await expect.poll(() => problems).toContain(`request to elsewhere: ${ELSEWHERE}page`)
  await page.evaluate((url) => {
    const script = `fetch('${url}worker').catch(() => undefined)`
    new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
  }, ELSEWHERE)
  await expect.poll(() => problems).toContain(`request to elsewhere: ${ELSEWHERE}worker`)
  await close()
})
