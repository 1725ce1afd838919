import { gzipSync } from 'node:zlib'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { expectToFit } from './fit.ts'
import { openProfile } from './profile.ts'
import { dump, EVERYTHING, fileOf, goTo, LONG, openApp, openFile, press, type Upload } from './steps.ts'

const manifest = buildManifest({ memories: Array.from({ length: 3 }, (_, i) => ({ content: `Note ${i}` })) })
const text = Buffer.from(manifest.bytes).toString()
const memories = [
  { content: 'The pump was replaced.', entity_id: 'pumps' },
  { content: 'The valve was not.', entity_id: 'valves' },
]

/** What lands where. `shows` is of the thing itself, `code` of a refusal: then one stays where one is. */
interface Thing {
  readonly name: string
  readonly contents: string | Uint8Array
  readonly title?: string
  readonly code?: string
  readonly shows?: (page: Page) => Locator
}

const THINGS: readonly Thing[] = [
  {
    name: 'manifest.json',
    contents: text,
    title: 'Opened manifest',
    shows: (page) => page.getByTestId('verdict').filter({ hasText: 'signature OK, 3 leaves' }),
  },
  {
    name: 'manifest.json.gz',
    contents: gzipSync(manifest.bytes),
    title: 'Opened manifest',
    shows: (page) => page.getByTestId('verdict').filter({ hasText: '3 leaves' }),
  },
  {
    name: 'key.pem',
    contents: ISSUER.pem,
    title: 'Add a peer',
    shows: (page) => page.getByRole('list', { name: /eight words/ }).first(),
  },
  {
    name: 'memories.json',
    contents: JSON.stringify(memories),
    title: 'Take in a file',
    shows: (page) => page.getByTestId('preview').filter({ hasText: '2 memories' }),
  },
  {
    name: 'backup.json',
    contents: `{"cipher":{"iv":"AAAAAAAAAAAAAAAA","name":"AES-256-GCM"},"format":"omega-identity-backup/1"}\n`,
    title: 'Restore from a backup',
    shows: (page) => page.getByLabel('Passphrase', { exact: true }),
  },
  { name: 'letter.txt', contents: 'Dear colleagues, attached is nothing.\n', code: 'not_recognised' },
]

const isBytes = ({ contents }: Thing) => typeof contents !== 'string'

type Way = (page: Page, file: Upload) => Promise<void>

for (const [way, bring, takesBytes] of [
  ['picked', openFile, true],
  ['dropped', drop, true],
  ['pasted as a file', pasteFile, true],
  ['pasted as text', pasteText, false],
  ['put into the dialog for pasting', pasteInDialog, false],
] as const satisfies readonly (readonly [string, Way, boolean])[]) {
  test(`what is ${way} lands where it belongs`, async () => {
    const { context, page, problems, close } = await openProfile(test.info().outputPath('profile'))
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await openApp(page)
    for (const thing of THINGS.filter((each) => takesBytes || !isBytes(each))) {
      await test.step(thing.name, async () => {
        await goTo(page, 'Memories')
        const refusal = page.getByTestId('refusal')
        await expect(refusal).toBeEmpty()
        await bring(page, fileOf(thing.name, thing.contents))
        if (thing.code === undefined) {
          await expect(page.getByRole('heading', { level: 1, name: thing.title! })).toBeVisible()
          await expect(thing.shows!(page)).toBeVisible()
          if (thing.name !== 'key.pem') {
            const name = takesBytes ? thing.name : 'pasted'
            await expect(page.getByRole('main').getByText(name, { exact: true }).first()).toBeVisible()
          }
          await expect(refusal).toBeEmpty()
        } else {
          await expect(refusal.getByText(thing.code, { exact: true })).toBeVisible()
          await expect(page.getByRole('heading', { level: 1, name: /^(Memories|Exchange)$/ })).toBeVisible()
          await press(page, 'Dismiss')
          await expect(refusal).toBeEmpty()
        }
      })
    }
    // Whatever it was: opening it has kept nothing.
    const kept = JSON.parse(await dump(page, [...EVERYTHING, 'identities', 'audit'])) as object
    expect(Object.values(kept).flat()).toEqual([])
    expect(problems).toEqual([])
    await close()
  })
}

test('of several files the first is opened and the others are named; text for a field stays in the field', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await dispatch(page, ['dragenter', 'dragover'], [fileOf('one.json', text)])
  await expect(page.getByText('Let go to open the file')).toBeVisible()
  await dispatch(page, ['dragleave'], [fileOf('one.json', text)])
  await expect(page.getByText('Let go to open the file')).toHaveCount(0)

  await dispatch(page, ['drop'], [fileOf('one.json', text), fileOf('two.json', text)])
  await expect(page.getByText('2 files were dropped.')).toBeVisible()
  await expect(page.getByTestId('verdict')).toBeVisible()
  await expect(page.getByRole('main').getByText('one.json')).toBeVisible()

  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').focus()
  await page.evaluate((pem) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', pem)
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
    document.activeElement!.dispatchEvent(event)
  }, ISSUER.pem)
  await expect(page.getByRole('heading', { level: 1, name: 'Identity' })).toBeVisible()
  expect(problems).toEqual([])
  await close()
})

test('the sheet that tells of several files, in all lights and sizes', LONG, async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  const name = `${'a-long-name-'.repeat(12)}.txt`
  await dispatch(page, ['drop'], [fileOf(name, 'Dear colleagues'), fileOf('two.json', text)])
  await expect(page.getByText('2 files were dropped.')).toBeVisible()
  await expect(page.getByTestId('refusal')).toContainText('not_recognised')
  await expectToFit(page, 'several files, the first refused')
  await dispatch(page, ['drop'], [fileOf('one.json', text), fileOf('two.json', text)])
  await expect(page.getByTestId('verdict')).toBeVisible()
  await expect(page.getByText('2 files were dropped.')).toBeVisible()
  await expectToFit(page, 'several files, the first opened')
  await press(page, 'Dismiss')
  await expect(page.getByText('2 files were dropped.')).toBeHidden()
  expect(problems).toEqual([])
  await close()
})

async function drop(page: Page, file: Upload): Promise<void> {
  await dispatch(page, ['dragenter', 'dragover'], [file])
  await expect(page.getByText('Let go to open the file')).toBeVisible()
  await dispatch(page, ['drop'], [file])
  await expect(page.getByText('Let go to open the file')).toHaveCount(0)
}

function pasteFile(page: Page, file: Upload): Promise<void> {
  return dispatch(page, ['paste'], [file])
}

/** With the keyboard, out of the clipboard of the browser. */
async function pasteText(page: Page, { buffer }: Upload): Promise<void> {
  await page.evaluate((text) => navigator.clipboard.writeText(text), buffer.toString())
  await page.keyboard.press('Control+V')
}

async function pasteInDialog(page: Page, { buffer }: Upload): Promise<void> {
  await goTo(page, 'Exchange')
  await press(page, 'Paste text')
  const dialog = page.getByRole('dialog', { name: 'Paste a key or a manifest' })
  await dialog.getByRole('button', { name: 'Open the text' }).click()
  await expect(dialog.getByText('There is nothing here to open.')).toBeVisible()
  await dialog.getByLabel('Text').fill(buffer.toString())
  await dialog.getByRole('button', { name: 'Open the text' }).click()
  await expect(dialog).toHaveCount(0)
}

/** The events that a browser makes of files, with the files in them. */
async function dispatch(page: Page, types: readonly string[], files: readonly Upload[]): Promise<void> {
  const packed = files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') }))
  await page.evaluate(
    ({ types, packed }) => {
      const data = new DataTransfer()
      for (const { name, base64 } of packed)
        data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name))
      const options = { bubbles: true, cancelable: true }
      for (const type of types) {
        const event =
          type === 'paste'
            ? new ClipboardEvent(type, { ...options, clipboardData: data })
            : new DragEvent(type, { ...options, dataTransfer: data })
        document.body.dispatchEvent(event)
      }
    },
    { types, packed },
  )
}
