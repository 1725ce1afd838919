import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import type { AuditRow } from '../../src/core/audit.ts'
import { buildManifest } from '../reference/writer.ts'
import { netLogArg, readNetLog, type NetLog } from './net-log.ts'
import { needWholeBrowser, openProfile } from './profile.ts'
import { NOWHERE, record, type Recorder } from './recorder.ts'
import { serve, type AppServer } from './server.ts'
import {
  beginExport,
  download,
  dump,
  fileOf,
  goTo,
  goToHash,
  importOpened,
  loadSample,
  LONG,
  makeIdentity,
  openApp,
  openFile,
  openMemory,
  press,
  signAndSave,
  trustSigner,
  writeMemory,
  type Upload,
} from './steps.ts'

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

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const PLANTED = 'http://planted.example/'

/** A browser that goes through the recorder, and keeps its own log. */
async function openRecorded(name: string, server: AppServer, recorder: Recorder) {
  const log = test.info().outputPath(`${name}-${randomUUID()}.json`)
  const args = [...recorder.args, netLogArg(log)]
  const folder = test.info().outputPath(name)
  const profile = await openProfile(folder, { baseURL: server.url, keeps: true, args })
  const close = async () => {
    await profile.close()
    return readNetLog(log)
  }
  return { ...profile, close }
}

/** Nothing of this browser went elsewhere, in all its life, but to `planted`, where the test itself went. */
function expectAtHome({ requests, lookedUp, datagrams }: NetLog, home: string, planted?: string): void {
  const named = [home, NOWHERE, ...(planted === undefined ? [] : [planted])]
  expect(requests.filter((url) => !named.some((one) => url.startsWith(one)))).toEqual([])
  const hosts = named.map((url) => new URL(url).host)
  expect(lookedUp.filter((each) => !hosts.includes(each.replace(/^\w+:\/\//, '')))).toEqual([])
  expect(datagrams).toBe(0)
  // It does record: the page itself came by the network, or the question after a newer one.
  expect(requests.filter((url) => url.startsWith(home))).not.toEqual([])
}

async function expectKept(page: Page): Promise<void> {
  await goToHash(page, '#/identity/app')
  await expect(page.getByTestId('offline')).toContainText('It opens here with its server gone')
}

/** Each place, and what stands behind it. */
async function goEverywhere(page: Page): Promise<void> {
  for (const place of ['Memories', 'Exchange', 'Peers', 'Agents', 'Identity'] as const)
    await goTo(page, place)
  await goToHash(page, '#/identity/app/format')
  await expect(page.getByText('omega-federation-manifest').first()).toBeVisible()
  await goToHash(page, '#/identity/check')
  await press(page, 'Check everything')
  await expect(page.getByTestId('integrity-result')).toContainText('Holds')
}

/** What A does: samples, search, list, export, key. */
async function workAsA(page: Page): Promise<{ manifest: string; pem: string }> {
  await makeIdentity(page, 'Harbour Authority CERT')
  expect(await loadSample(page, 'Load the sample memories')).toContain('412 added')
  await openMemory(page, 'incident')
  await page.goBack()
  await page.getByRole('button', { name: /CSV/ }).click()
  await download(page, () => press(page, 'Save the list'))
  await beginExport(page)
  await page.getByLabel('Entity').fill('incident-response')
  await page.getByLabel('Since').fill('2026-02-01')
  await expect(page.getByTestId('export-preview')).toContainText('152 memories')
  const { path: manifest } = await signAndSave(page)
  await goTo(page, 'Identity')
  const { path: pem } = await download(page, () => page.getByTestId('save-pem').click())
  return { manifest, pem }
}

/** What B does: reads, trusts, imports, writes, revokes, removes. */
async function workAsB(page: Page, manifest: Upload): Promise<void> {
  await makeIdentity(page, 'Strait Command CERT')
  expect(await loadSample(page, 'Load the partner’s sample')).toContain('61 added')
  await openFile(page, manifest)
  await expect(page.getByTestId('verdict')).toContainText('152 leaves')
  await trustSigner(page, 'Not compared', 'instance-A')
  await openFile(page, manifest)
  expect(await importOpened(page)).toBe('148 imported, 4 already_local (idempotent dedup)')
  await press(page, 'Save report')
  await writeMemory(page, { text: 'The crane stood still.', entity: 'berth-plan' })
  await goTo(page, 'Peers')
  await page
    .getByRole('link', { name: /instance-A/ })
    .first()
    .click()
  await press(page, 'Revoke')
  const { envelope } = JSON.parse(manifest.buffer.toString()) as {
    envelope: { header: { issuer: { fingerprint: string } } }
  }
  await page.getByLabel('Full fingerprint').fill(envelope.header.issuer.fingerprint)
  await page.getByRole('button', { name: 'Revoke this key' }).click()
  await expect(page.getByText(/revoked/i).first()).toBeVisible()
  await press(page, 'Remove its memories')
  await page
    .getByRole('button', { name: /^Remove / })
    .last()
    .click()
  await expect(page.getByTestId('removed')).toContainText('148 removed')
}

// Two witnesses: the proxy tells what was sent up to a moment, but sees neither names looked up nor datagrams; the log that
// the browser keeps of itself has these, and can be read once it has ended.
test('after it has loaded, a whole session asks for nothing, as a proxy and the browser’s own log have it', async () => {
  test.setTimeout(300_000)
  const server = await serve(DIST)
  const recorder = await record(server.url)
  const update = `GET ${server.url}sw.js`
  let a = await openRecorded('a', server, recorder)
  const b = await openRecorded('b', server, recorder)

  await test.step('A and B load it', async () => {
    for (const { page } of [a, b]) {
      await openApp(page)
      await expectKept(page)
    }
    expect(recorder.list()).toContain(`GET ${server.url}`)
    recorder.recorded.length = 0
  })

  await test.step('what they do with it asks for nothing', async () => {
    const { manifest } = await workAsA(a.page)
    await workAsB(b.page, fileOf('manifest-2026-Q1.json', readFileSync(manifest)))
    for (const { page } of [a, b]) await goEverywhere(page)
    expect(recorder.list()).toEqual([])
    expect(a.problems).toEqual([])
    expect(b.problems).toEqual([])
  })

  await test.step('what is planted is seen by both witnesses', async () => {
    await a.page.evaluate((url) => location.assign(url), PLANTED)
    await expect.poll(() => recorder.list()).toContain(`GET ${PLANTED}`)
    const log = await a.close()
    expect(log.requests).toContain(PLANTED)
    expectAtHome(log, server.url, PLANTED)
    expectAtHome(await b.close(), server.url)
    recorder.recorded.length = 0
  })

  await test.step('opened again, the browser asks for a newer version and for nothing else, not even for the page', async () => {
    a = await openRecorded('a', server, recorder)
    await openApp(a.page)
    await expect.poll(() => recorder.list()).toContain(update)
    await openMemory(a.page, 'incident')
    await goEverywhere(a.page)
    expect(recorder.list()).toEqual([update])
    expect(a.problems).toEqual([])
    expectAtHome(await a.close(), server.url)
    expect(recorder.list()).toEqual([update])
  })
  await recorder.stop()
  await server.stop()
})

test('the proxy and the log see what leaves where there is no policy, and what no policy governs', async () => {
  await needWholeBrowser()
  const folder = test.info().outputPath('bare')
  cpSync(DIST, folder, { recursive: true })
  writeFileSync(join(folder, 'bare.html'), '<!doctype html><title>No policy</title>')
  const server = await serve(folder)
  const recorder = await record(server.url)
  const stun = await listenToDatagrams()

  await test.step('a page without a policy: by fetch, picture, beacon, worker and socket, and the browser’s own way', async () => {
    const { page, close } = await openRecorded('bare', server, recorder)
    await page.goto('./bare.html')
    recorder.recorded.length = 0
    await page.evaluate((url) => {
      const script = `fetch('${url}worker').catch(() => undefined)`
      void fetch(`${url}fetch`).catch(() => undefined)
      new Image().src = `${url}picture`
      navigator.sendBeacon(`${url}beacon`)
      new WebSocket(`${url.replace('http', 'ws')}socket`)
      new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
    }, PLANTED)
    const sent = ['GET fetch', 'GET picture', 'POST beacon', 'GET worker'].map((each) =>
      each.replace(' ', ` ${PLANTED}`),
    )
    for (const each of sent) await expect.poll(() => recorder.list()).toContain(each)
    await expect.poll(() => recorder.list()).toContain('CONNECT planted.example:80')
    // From the address bar: no page has a part in it.
    await page.goto(`${PLANTED}address`)
    expect(recorder.list()).toContain(`GET ${PLANTED}address`)
    const { requests } = await close()
    for (const name of ['fetch', 'picture', 'beacon', 'worker', 'address'])
      expect(requests).toContain(PLANTED + name)
  })

  await test.step('the app: the policy holds all of these back, but not a call, nor a connection made ahead', async () => {
    const { page, close } = await openRecorded('app', server, recorder)
    await openApp(page)
    await expectKept(page)
    recorder.recorded.length = 0
    await page.evaluate(
      async ({ url, port }) => {
        void fetch(`${url}fetch`).catch(() => undefined)
        new Image().src = `${url}picture`
        navigator.sendBeacon(`${url}beacon`)
        for (const rel of ['preconnect', 'prefetch', 'prerender', 'modulepreload', 'dns-prefetch']) {
          const link = document.createElement('link')
          link.rel = rel
          link.href = url.replace('http', 'https')
          document.head.append(link)
        }
        const call = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${port}` }] })
        call.createDataChannel('planted')
        await call.setLocalDescription(await call.createOffer())
      },
      { url: PLANTED, port: stun.port },
    )
    await expect.poll(() => stun.received()).toBeGreaterThan(0)
    await expect.poll(() => recorder.list()).toContain('CONNECT planted.example:443')
    expect(recorder.list().filter((each) => !each.startsWith('CONNECT '))).toEqual([])
    expect((await close()).datagrams).toBeGreaterThan(0)
  })
  stun.stop()
  await recorder.stop()
  await server.stop()
})

test('to ask for nothing is to keep no copy: switched off, not even sw.js is asked for', LONG, async () => {
  await needWholeBrowser()
  test.setTimeout(300_000)
  const server = await serve(DIST)
  const recorder = await record(server.url)
  let ada = await openRecorded('ada', server, recorder)
  const SWITCH = 'Ask for a newer version when it is opened'
  const offline = () => ada.page.getByTestId('offline')
  const registrations = () =>
    ada.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)

  await test.step('switched off, with its row in the audit chain, and in another tab too', async () => {
    await openApp(ada.page)
    await expectKept(ada.page)
    const other = await ada.context.newPage()
    await openApp(other)
    await expectKept(other)
    recorder.recorded.length = 0
    await ada.page.getByLabel(SWITCH).uncheck()
    for (const tab of [ada.page, other]) {
      await expect(tab.getByTestId('offline')).toContainText('It needs its server to open')
      await expect(tab.getByLabel(SWITCH)).not.toBeChecked()
    }
    const { audit } = JSON.parse(await dump(ada.page, ['audit'])) as { audit: AuditRow[] }
    expect(audit.at(-1)).toMatchObject({
      operation: 'setting_changed',
      subject: { name: 'asks_for_newer_version', value: false },
    })
    await expect.poll(registrations).toBe(0)
    await goEverywhere(ada.page)
  })

  await test.step('opened again: the app itself comes from its server, then nothing', async () => {
    await ada.close()
    recorder.recorded.length = 0
    ada = await openRecorded('ada', server, recorder)
    await openApp(ada.page)
    expect(recorder.list()).toContain(`GET ${server.url}`)
    // Loaded is what all places and an opened file are made of.
    await goEverywhere(ada.page)
    await openFile(ada.page, fileOf('manifest.json', buildManifest().bytes))
    await expect(ada.page.getByTestId('verdict')).toBeVisible()
    const loaded = recorder.list()
    expect(await registrations()).toBe(0)
    expect(await ada.page.evaluate(() => caches.keys())).toEqual([])

    await makeIdentity(ada.page, 'Ada')
    expect(await loadSample(ada.page, 'Load the sample memories')).toContain('412 added')
    await openMemory(ada.page, 'incident')
    await openFile(ada.page, fileOf('manifest.json', buildManifest().bytes))
    await expect(ada.page.getByTestId('verdict')).toBeVisible()
    await goEverywhere(ada.page)
    expect(recorder.list()).toEqual(loaded)
  })

  await test.step('asked by hand: the same version, then another', async () => {
    await goToHash(ada.page, '#/identity/app')
    recorder.recorded.length = 0
    await expect(async () => {
      await press(ada.page, 'Ask now')
      await expect(ada.page.getByTestId('asked')).toContainText('this is the version', { timeout: 3000 })
    }).toPass()
    expect(recorder.list()).toContain(`GET ${server.url}`)
    await server.serve(withOtherStyle())
    // While the engine is being tried, the page is not loaded anew.
    await expect(async () => {
      await press(ada.page, 'Ask now')
      await expect(ada.page.getByTestId('asked')).toContainText('this is another version', { timeout: 3000 })
    }).toPass()
    await ada.page.reload()
    await expect(ada.page.getByLabel(SWITCH)).not.toBeChecked()
    await expect(ada.page.getByTestId('asked')).toHaveText('')
    expect(ada.problems).toEqual([])
    const log = await ada.close()
    expectAtHome(log, server.url)
    expect(log.requests.filter((url) => url.endsWith('/sw.js'))).toEqual([])
    expect(recorder.list().filter((each) => each.endsWith('/sw.js'))).toEqual([])
  })

  await test.step('the price: with its server gone it does not open', async () => {
    await server.stop()
    ada = await openRecorded('ada', server, recorder)
    await expect(ada.page.goto('./')).rejects.toThrow('ERR_HTTP_RESPONSE_CODE_FAILURE')
    await ada.close()
    await server.serve(DIST)
  })

  await test.step('switched on again it opens without its server', async () => {
    ada = await openRecorded('ada', server, recorder)
    await openApp(ada.page)
    await goToHash(ada.page, '#/identity/app')
    await ada.page.getByLabel(SWITCH).check()
    await expect(offline()).toContainText('It opens here with its server gone')
    await server.stop()
    await ada.page.reload()
    await expect(ada.page.getByLabel(SWITCH)).toBeChecked()
    await ada.close()
  })
  await recorder.stop()
})

/** A later version is one whose files have other names. */
function withOtherStyle(): string {
  const folder = test.info().outputPath('later')
  cpSync(DIST, folder, { recursive: true })
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const [style] = /assets\/style-[^"]+\.css/.exec(page)!
  renameSync(join(folder, style), join(folder, 'assets/style-later.css'))
  writeFileSync(join(folder, 'index.html'), page.replace(style, 'assets/style-later.css'))
  return folder
}

async function listenToDatagrams() {
  const socket = createSocket('udp4')
  let count = 0
  socket.on('message', () => count++)
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  return { port: socket.address().port, received: () => count, stop: () => socket.close() }
}
