import { generateKeyPairSync } from 'node:crypto'
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import { buildManifest, ISSUER, signerOf, twinSigner } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { dump, EVERYTHING, makeIdentity, openApp, openFile, LONG } from './steps.ts'

const manifest = buildManifest({ memories: Array.from({ length: 20 }, (_, i) => ({ content: `Note ${i}` })) })
const text = Buffer.from(manifest.bytes).toString()
const spkiOf = (key: string) => Buffer.from(`302a300506032b6570032100${key}`, 'hex')
const lowOrder = signerOf(spkiOf('00'.repeat(32)), () => new Uint8Array(64)).pem
const privatePem = generateKeyPairSync('ed25519').privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string

const CASES: readonly [what: string, bytes: Buffer | string, code: string][] = [
  ['empty', '', 'file_empty'],
  ['cut in a line', text.slice(0, -200), 'truncated'],
  ['cut between lines', text.slice(0, text.lastIndexOf(']}')), 'truncated'],
  ['a byte order mark', `\ufeff${text}`, 'not_utf8'],
  ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le'), 'not_utf8'],
  [
    'invalid UTF-8',
    Buffer.concat([manifest.bytes.subarray(0, -90), Buffer.of(0xff), manifest.bytes.subarray(-90)]),
    'not_utf8',
  ],
  ['other JSON', '{"a":[1,2,3]}\n', 'not_recognised'],
  ['prose', 'Dear colleagues, attached is nothing.\n', 'not_recognised'],
  ['re-formatted by a gateway', JSON.stringify(JSON.parse(text), null, 2), 'not_canonical'],
  ['line ends of Windows', text.replaceAll('\n', '\r\n'), 'not_canonical'],
  ['version 2', text.replace('federation-manifest.v1', 'federation-manifest.v2'), 'version_unsupported'],
  ['gzip cut short', gzipSync(text).subarray(0, 700), 'gzip_invalid'],
  ['a private key', privatePem, 'private_key_given'],
  ['an RSA key', twinSigner('RSA').pem, 'key_unsupported'],
  ['a P-256 key', twinSigner('P-256').pem, 'key_unsupported'],
  ['a low-order key', lowOrder, 'key_not_allowed'],
  ['a key with garbage before it', `My key:\n${ISSUER.pem}`, 'key_malformed'],
  ['a key with garbage after it', `${ISSUER.pem}Regards`, 'key_malformed'],
  ['a key cut short', ISSUER.pem.slice(0, 60), 'key_malformed'],
  [
    'a proof of a later version',
    '{"envelope":{},"format":"omega-memory-proof/1","memory":{}}\n',
    'not_supported_yet',
  ],
]

test('whatever is opened gets its code, words and a way on; nothing is written', LONG, async () => {
  test.setTimeout(180_000)
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'B')
  const before = await dump(page, [...EVERYTHING, 'identities', 'audit'])
  for (const [what, bytes, code] of CASES) {
    await test.step(what, async () => {
      await openFile(page, { name: `${what}.bin`, mimeType: '', buffer: Buffer.from(bytes) })
      await expect(page.getByText(code, { exact: true }).first()).toBeVisible()
      expect(await dump(page, [...EVERYTHING, 'identities', 'audit'])).toBe(before)
      // What is on the screen must be about the next file.
      await page.reload()
      await expect(page.getByText(code, { exact: true })).toHaveCount(0)
    })
  }

  await test.step('2 GB of zeros', async () => {
    const zeros = test.info().outputPath('zeros.json')
    const file = openSync(zeros, 'w')
    ftruncateSync(file, 2 * 1024 ** 3)
    closeSync(file)
    await openFile(page, zeros)
    await expect(page.getByText('not_recognised', { exact: true }).first()).toBeVisible()
    expect(await dump(page, [...EVERYTHING, 'identities', 'audit'])).toBe(before)
  })
  expect(problems).toEqual([])
  await close()
})
