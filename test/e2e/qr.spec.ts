import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { drawQr } from '../../src/core/qr-draw.ts'
import { beside, blurred, rasterOf, turned } from '../qr-picture.ts'
import { buildManifest, signerNamed } from '../reference/writer.ts'
import { cameraArgs, trackStates, watchCameras, writeFilm } from './fake-camera.ts'
import { needWholeBrowser, openProfile, type Profile } from './profile.ts'
import { fileOf, goTo, goToHash, LONG, makeIdentity, openApp, openFile, press, trustKey } from './steps.ts'

/** A public key crosses the air gap as one QR code: shown on one screen, read by the other machine's camera. */
test.describe.configure({ mode: 'parallel', timeout: 180_000 })

const ada = signerNamed('Ada')
const eve = signerNamed('Eve')
/** As a hand holds it: a little turned, not quite sharp. */
const held = (text: string) => blurred(turned(rasterOf(drawQr(text), 5), 4), 1)
const code = (page: Page) => page.getByRole('img', { name: /^QR code of the public key/ })
/** The page puts them off a moment after what showed them has gone. */
const expectCamerasOff = (page: Page) =>
  expect.poll(async () => new Set(await trackStates(page))).toEqual(new Set(['video ended']))
const lastTrack = async (page: Page) => (await trackStates(page)).at(-1)
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Read the code of a key' })
const manifest = fileOf(
  'manifest.json',
  buildManifest({ signers: [ada], memories: [{ content: 'One' }] }).bytes,
)

let profile: Profile
let page: Page
let film: string

async function begin(args: (film: string) => string[] = cameraArgs): Promise<void> {
  film = test.info().outputPath('film.y4m')
  writeFilm(film, null)
  profile = await openProfile(test.info().outputPath('profile'), { args: args(film) })
  page = profile.page
  await watchCameras(page)
  await openApp(page)
}

test.afterEach(async () => {
  expect(profile.problems).toEqual([])
  await profile.close()
})

test('what one instance shows, the camera of another reads, and a person decides', async () => {
  await begin()
  const a = await openProfile(test.info().outputPath('a'))
  let shown = { size: 0, path: '' }
  let fingerprint = ''
  await test.step('A shows its key: as text, and as a code of the same text', async () => {
    await openApp(a.page)
    await makeIdentity(a.page, 'Harbour')
    const size = Number((await code(a.page).getAttribute('viewBox'))!.split(' ')[2])
    shown = { size, path: (await code(a.page).locator('path').getAttribute('d'))! }
    const pem = `${await a.page.locator('pre.pem').innerText()}\n`
    expect(shown).toEqual(drawQr(pem))
    fingerprint = await fingerprintShown(a.page)
    await press(a.page, 'Show it large')
    await expect(a.page.getByRole('dialog', { name: 'Your public key' }).getByRole('img')).toBeVisible()
    await expectNoAxe(a.page)
    await a.page.keyboard.press('Escape')
    await expect(a.page.getByRole('button', { name: 'Show it large' })).toBeFocused()
  })

  await test.step('B reads it', async () => {
    writeFilm(film, blurred(turned(rasterOf(shown, 5), 4), 1))
    await goTo(page, 'Peers')
    await press(page, 'Add a peer')
    await press(page, 'Read a QR code')
    await expect(page.getByRole('heading', { name: 'The key', exact: true })).toBeVisible()
    expect(await fingerprintShown(page)).toBe(fingerprint)
    await expect.poll(() => trackStates(page)).toEqual(['video ended'])
    await expect(page.locator('video')).toHaveCount(0)
  })

  await test.step('in person is what it looks like, and is not so until B says it', async () => {
    await expect(page.getByLabel('In person')).toBeChecked()
    await expect(page.getByRole('button', { name: 'Trust this key' })).toHaveCount(0)
    const said = page.getByLabel('The code stood on my peer’s own screen, and they were there')
    await expect(said).not.toBeChecked()
    await said.check()
    await page.getByLabel('By phone').check()
    await expect(page.getByRole('button', { name: 'Trust this key' })).toHaveCount(0)
    await page.getByLabel('In person').check()
    await expect(said).not.toBeChecked()
    await said.check()
    // No name comes with the code.
    await expect(page.getByLabel('Your name for this peer')).toHaveValue('')
    await expectNoAxe(page)
    await page.getByLabel('Your name for this peer').fill('Harbour')
    await press(page, 'Trust this key')
    await expect(page.getByRole('heading', { name: 'This key is trusted now' })).toBeVisible()
    await expect(page.getByText('compared in person').first()).toBeVisible()
  })

  await test.step('read again, it is known by the name B gave it', async () => {
    await goTo(page, 'Peers')
    await press(page, 'Add a peer')
    await press(page, 'Read a QR code')
    await expect(page.getByRole('heading', { name: 'You trust this key already' })).toBeVisible()
    await expect(page.getByText('It is on your list as Harbour.')).toBeVisible()
  })

  await test.step('a picture of A’s screen serves where there is no camera, and presets nothing', async () => {
    for (const type of ['png', 'jpeg'] as const) {
      const picture = await code(a.page).screenshot({ type })
      await goTo(page, 'Peers')
      await press(page, 'Add a peer')
      writeFilm(film, null)
      await press(page, 'Read a QR code')
      await page
        .getByTestId('open-picture')
        .setInputFiles({ name: 'code', mimeType: `image/${type}`, buffer: picture })
      await expect(page.getByRole('heading', { name: 'You trust this key already' })).toBeVisible()
      expect(await fingerprintShown(page)).toBe(fingerprint)
      await expectCamerasOff(page)
    }
  })
  expect(a.problems).toEqual([])
  await a.close()
})

test('a code is compared with what is open: the same key, or another', async () => {
  await begin()
  await openFile(page, manifest)
  await press(page, /Trust this signer/)
  await page.getByLabel('In person').check()

  await test.step('another key is refused, and nothing is to be trusted', async () => {
    writeFilm(film, held(eve.pem))
    await press(page, 'Read their code instead')
    const refused = page.getByRole('alert').filter({ hasText: 'Another key' })
    await expect(refused).toContainText('key_differs')
    await expect(refused.getByRole('img')).toHaveCount(2)
    await expect(page.getByLabel('In person')).toHaveCount(0)
    await expect(page.getByRole('checkbox')).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Trust this key' })).toHaveCount(0)
    await expectNoAxe(page)
  })

  await test.step('the same key is compared once the person says whose screen it was', async () => {
    writeFilm(film, held(ada.pem))
    await press(page, 'Read the code again')
    await expect(page.getByRole('button', { name: 'Read the code again' })).toHaveCount(0)
    await page.getByLabel('In person').check()
    await expect(page.getByRole('heading', { name: 'The same key' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Trust this key' })).toHaveCount(0)
    await page.getByLabel('The code stood on my peer’s own screen, and they were there').check()
    await page.getByLabel('Your name for this peer').fill('Ada')
    await press(page, 'Trust this key')
    await expect(page.getByRole('heading', { name: 'This key is trusted now' })).toBeVisible()
  })

  await test.step('and a peer’s own page answers the same question', async () => {
    await press(page, 'Compare with a code')
    await expect(page.getByRole('heading', { name: 'The same key' })).toBeVisible()
    writeFilm(film, held(eve.pem))
    await press(page, 'Compare with a code')
    await expect(page.getByTestId('key-differs')).toBeVisible()
    await expect(page.getByRole('heading', { name: 'The same key' })).toHaveCount(0)
    await expectNoAxe(page)
  })
  await expectCamerasOff(page)
})

test('codes of other kinds, one’s own, and the ways out', LONG, async () => {
  await begin()
  await makeIdentity(page, 'Strait')
  const own = `${await page.locator('pre.pem').innerText()}\n`
  await goTo(page, 'Peers')
  await press(page, 'Add a peer')
  const again = page.getByRole('button', { name: 'Start the camera' })

  await test.step('nothing in view: it goes on looking', async () => {
    await press(page, 'Read a QR code')
    await expect(dialog(page).getByRole('status')).toContainText('Looking for a code')
    await expect(page.locator('video')).toBeVisible()
    await expectNoAxe(page)
    await expect(dialog(page).getByRole('status')).toContainText('Nothing found yet')
    expect(await trackStates(page)).toEqual(['video live'])
  })

  await test.step('Escape closes it and puts the camera off; the focus is where it was', async () => {
    await page.keyboard.press('Escape')
    await expect(dialog(page)).toHaveCount(0)
    await expect.poll(() => trackStates(page)).toEqual(['video ended'])
    await expect(page.getByRole('button', { name: 'Read a QR code' })).toBeFocused()
  })

  await test.step('text is text: refused with what it says, and followed nowhere', async () => {
    for (const text of [
      'https://elsewhere.invalid/key',
      'javascript:alert(1)',
      'Ada\u202egnp.exe',
      'x'.repeat(120),
    ]) {
      writeFilm(film, held(text))
      await page.keyboard.press('Enter')
      await expect(dialog(page).getByText('qr_not_a_key', { exact: true })).toBeVisible()
      await expect(dialog(page)).toContainText(text.slice(-7))
      await expect(dialog(page).getByRole('link')).toHaveCount(0)
      await expect(page.locator('video')).toBeHidden()
      await expect.poll(() => lastTrack(page)).toBe('video ended')
      await page.keyboard.press('Escape')
      await expect(page.getByRole('button', { name: 'Read a QR code' })).toBeFocused()
    }
  })

  await test.step('a private key is told of loudly and shown nowhere', async () => {
    const secret = 'MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v'
    writeFilm(film, held(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`))
    await page.keyboard.press('Enter')
    await expect(dialog(page).getByText('private_key_given')).toBeVisible()
    expect(await page.locator('body').innerText()).not.toContain(secret)
  })

  await test.step('one’s own code is not taken for another’s: the camera waits for the peer’s', async () => {
    writeFilm(film, held(own))
    await again.click()
    await expect(dialog(page).getByRole('status')).toContainText('This is your own code')
    expect(await lastTrack(page)).toBe('video live')
  })

  await test.step('out of sight the camera is put off, and comes back when asked', async () => {
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await expect.poll(() => lastTrack(page)).toBe('video ended')
    await expect(dialog(page)).toContainText('put off while this page was out of sight')
    await page.evaluate(() => Reflect.deleteProperty(document, 'hidden'))
    await again.click()
    await expect.poll(() => lastTrack(page)).toBe('video live')
  })

  await test.step('whoever goes elsewhere leaves no camera behind', async () => {
    await goToHash(page, '#/memories')
    await expect(page.getByRole('heading', { level: 1, name: 'Memories' })).toBeVisible()
    await expectCamerasOff(page)
  })
})

test('pictures that hold no one key', async () => {
  await begin()
  await goTo(page, 'Peers')
  await press(page, 'Add a peer')
  await press(page, 'Read a QR code')
  const drawn = (width: number, height: number, data: readonly number[]) => pngOf(page, width, height, data)
  const pictureOf = async (pixels: ReturnType<typeof held>) =>
    drawn(pixels.width, pixels.height, [...pixels.data])
  const bomb = Buffer.from(await drawn(8, 8, Array<number>(256).fill(255)))
  bomb.writeUInt32BE(60_000, 16)
  bomb.writeUInt32BE(60_000, 20)
  const both = beside(rasterOf(drawQr(ada.pem), 4), rasterOf(drawQr(eve.pem), 4))
  const cases: [string, Buffer, string][] = [
    ['a text', Buffer.from('no picture'), 'picture_unreadable'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'picture_unreadable'],
    ['nothing', Buffer.alloc(0), 'picture_unreadable'],
    ['a picture of gigabytes', bomb, 'picture_unreadable'],
    ['a white picture', await drawn(64, 64, Array<number>(64 * 64 * 4).fill(255)), 'qr_missing'],
    ['two keys', await pictureOf(both), 'qr_ambiguous'],
    ['a link', await pictureOf(rasterOf(drawQr('https://elsewhere.invalid/'), 4)), 'qr_not_a_key'],
  ]
  for (const [name, buffer, refusal] of cases)
    await test.step(name, async () => {
      await page
        .getByTestId('open-picture')
        .setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })
      await expect(dialog(page).getByText(refusal, { exact: true })).toBeVisible()
      await expectCamerasOff(page)
    })
  await test.step('dropped: one pixel to the module, as programs save it', async () => {
    const picture = await pictureOf(rasterOf(drawQr(eve.pem), 1))
    await page.evaluate(
      (bytes) => {
        const files = new DataTransfer()
        files.items.add(new File([Uint8Array.from(bytes)], 'code.png', { type: 'image/png' }))
        const at = document.querySelector('dialog[open]')!
        for (const type of ['dragenter', 'dragover', 'drop'])
          at.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }))
      },
      [...picture],
    )
    await expect(page.getByRole('heading', { name: 'The key', exact: true })).toBeVisible()
    expect(await fingerprintShown(page)).toBe(eve.fingerprint)
    for (const how of ['By phone', 'In person', 'On paper', 'Not compared'])
      await expect(page.getByLabel(how)).not.toBeChecked()
  })
})

test('where the camera is refused, is missing, or is not for this page, a picture does', async () => {
  await needWholeBrowser()
  const refuse = () => ['--use-fake-device-for-media-stream', '--deny-permission-prompts']
  await begin(refuse)
  await trustKey(page, ada.pem, 'Ada')
  const compare = async (refusal: string) => {
    await press(page, 'Compare with a code')
    await expect(dialog(page).getByText(refusal, { exact: true })).toBeVisible()
    await expectNoAxe(page)
    const picture = await pngOf(page, 212, 212, [...rasterOf(drawQr(ada.pem), 4).data])
    await page
      .getByTestId('open-picture')
      .setInputFiles({ name: 'c.png', mimeType: 'image/png', buffer: picture })
    await expect(page.getByRole('heading', { name: 'The same key' })).toBeVisible()
    expect(await trackStates(page)).toEqual([])
  }
  await test.step('refused', () => compare('camera_refused'))
  await test.step('forbidden by the server', async () => {
    await page.route('**/*', async (route) => {
      const answer = await route.fetch()
      await route.fulfill({
        response: answer,
        headers: { ...answer.headers(), 'permissions-policy': 'camera=()' },
      })
    })
    await page.reload()
    await compare('camera_unavailable')
    await page.unroute('**/*')
  })
  await profile.close()

  await test.step('missing', async () => {
    await begin(() => ['--use-fake-ui-for-media-stream'])
    await trustKey(page, eve.pem, 'Eve')
    await press(page, 'Compare with a code')
    await expect(dialog(page).getByText('camera_missing', { exact: true })).toBeVisible()
  })
})

/** All 64 digits of the key that the page is about. */
function fingerprintShown(at: Page): Promise<string> {
  return at
    .locator('.key .whole')
    .first()
    .evaluate((node) => node.textContent.replaceAll(/\s/g, ''))
}

/** RGBA as a PNG, by the browser's own means. */
async function pngOf(at: Page, width: number, height: number, data: readonly number[]): Promise<Buffer> {
  const bytes = await at.evaluate(
    async ([w, h, rgba]) => {
      const canvas = new OffscreenCanvas(w, h)
      canvas.getContext('2d')!.putImageData(new ImageData(Uint8ClampedArray.from(rgba), w, h), 0, 0)
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
    },
    [width, height, data] as const,
  )
  return Buffer.from(bytes)
}

async function expectNoAxe(at: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page: at }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
}
