import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { openProfile } from './profile.ts'
import {
  download,
  dump,
  EVERYTHING,
  goTo,
  loadSample,
  makeIdentity,
  openApp,
  openFile,
  press,
  trustSigner,
} from './steps.ts'

/** What one byte of the file becomes, and how the refusal must read. */
interface Flip {
  readonly what: string
  /** The text before the byte that is flipped. */
  readonly at: string
  readonly code: string
  readonly place: 'envelope' | 'memory'
}

/** Line 5 is memory 1. */
const LINES_BEFORE = 4
const inMemory = (what: string, at: string, code: string): Flip => ({ what, at, code, place: 'memory' })
const inEnvelope = (what: string, at: string, code: string): Flip => ({ what, at, code, place: 'envelope' })

const FLIPS: readonly Flip[] = [
  inEnvelope('header', '"label":"', 'signature_invalid'),
  inEnvelope('root', '"merkle_root":"', 'signature_invalid'),
  inEnvelope('details', '"salt":"', 'details_mismatch'),
  inEnvelope('key', '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA', 'fingerprint_mismatch'),
  inEnvelope('fingerprint beside the key', '"signatures":[{"fingerprint":"', 'fingerprint_mismatch'),
  inEnvelope('signature', '"signature":"', 'signature_invalid'),
  inMemory('content', '"content":"', 'content_hash_mismatch'),
  inMemory('tag', '"tags":["', 'leaf_hash_mismatch'),
  inMemory('metadata', '"metadata":{"', 'sealed_hash_mismatch'),
  inMemory('blind', '"blind":"', 'sealed_hash_mismatch'),
  inMemory('hash of the content', '"content_sha256":"', 'content_hash_mismatch'),
  inMemory('sealed hash', '"sealed_hash":"', 'sealed_hash_mismatch'),
  inMemory('leaf hash', '"leaf_hash":"', 'leaf_hash_mismatch'),
]

test('one flipped byte anywhere: refused with its code and place, nothing written', async () => {
  test.setTimeout(180_000)
  const a = await openProfile(test.info().outputPath('a'))
  const b = await openProfile(test.info().outputPath('b'))
  await openApp(a.page)
  await makeIdentity(a.page, 'A')
  await loadSample(a.page, 'Load the sample memories')
  const whole = readFileSync(await exportEntity(a.page, 'incident-response'), 'utf8')

  await openApp(b.page)
  await makeIdentity(b.page, 'B')
  await open(b.page, whole)
  await trustSigner(b.page, 'Not compared', 'instance-A')
  const before = await dump(b.page, EVERYTHING)
  // A memory in the middle that has everything that can be flipped; numbers as people count.
  const at = whole
    .split('\n')
    .findIndex((line, i) => i > 20 && line.includes('"metadata":{"') && line.includes('"tags":["'))
  const places = {
    envelope: { line: 1, memory: null },
    memory: { line: at + 1, memory: at + 1 - LINES_BEFORE },
  }

  for (const flip of FLIPS) {
    await test.step(`${flip.what}: ${flip.code}`, async () => {
      const { line, memory } = places[flip.place]
      await open(b.page, flipped(whole, flip.at, line))
      await expect(b.page.getByText(flip.code, { exact: true }).first()).toBeVisible()
      await expect(b.page.getByText(`Line ${line}`).first()).toBeVisible()
      if (memory !== null) {
        await expect(b.page.getByText(new RegExp(`memory ${memory}\\b`, 'i')).first()).toBeVisible()
      }
      await expect(b.page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
      expect(await dump(b.page, EVERYTHING)).toBe(before)
    })
  }

  await test.step('and the file itself still holds', async () => {
    await open(b.page, whole)
    await expect(b.page.getByRole('button', { name: 'Import', exact: true })).toBeVisible()
  })
  expect(a.problems).toEqual([])
  expect(b.problems).toEqual([])
  await a.close()
  await b.close()
})

async function exportEntity(page: Page, entity: string): Promise<string> {
  await goTo(page, 'Exchange')
  await press(page, 'Export memories')
  await page.getByLabel('Entity').fill(entity)
  const { path } = await download(page, () => page.getByRole('button', { name: 'Sign and save' }).click())
  await expect(page.getByTestId('export-result')).toBeVisible()
  return path
}

let opened = 0

/** Opens under a name of its own, so that what is on the screen is known to be of this file. */
async function open(page: Page, text: string): Promise<void> {
  const name = `manifest-${++opened}.json`
  await openFile(page, { name, mimeType: 'application/json', buffer: Buffer.from(text) })
  await expect(page.getByText(name).first()).toBeVisible()
}

/** The character behind `at` becomes another one of the same kind, so that the line stays well-formed. */
function flipped(whole: string, at: string, number: number): string {
  const lines = whole.split('\n')
  const line = lines[number - 1]!
  const start = line.indexOf(at) + at.length
  expect(start).toBeGreaterThan(at.length)
  lines[number - 1] = line.slice(0, start) + (line[start] === 'a' ? 'b' : 'a') + line.slice(start + 1)
  return lines.join('\n')
}
