import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@playwright/test'
import { Ajv, type AnySchema } from 'ajv'
import { readPackedScript, withoutOwnScript } from './packed-script.ts'
import { openProfile } from './profile.ts'
import { serve } from './server.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const { version } = readJson(PROJECT, 'package.json') as { version: string }
const FOLDER = join(PROJECT, 'package', `omega-exchange-${version}`)

interface Sbom {
  readonly components: readonly {
    readonly 'bom-ref': string
    readonly type: string
    readonly group?: string
    readonly name: string
    readonly version: string
    readonly purl?: string
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8'))
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()

const withFolder = (work: (folder: string) => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'omega-package-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Names of the packages inside an artefact, as the SBOM has them. */
function namesIn(artefact: string): string[] {
  const { components, dependencies } = readJson(FOLDER, 'sbom.cdx.json') as Sbom
  const inside = dependencies.find(({ ref }) => ref === artefact)!.dependsOn
  return components
    .filter((each) => inside.includes(each['bom-ref']))
    .map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    .sort()
}

// A file more, a file less or one byte otherwise, and the sums say so.
test('@long the sums of the package hold, of every file and no other', () => {
  const sums = readFileSync(join(FOLDER, 'SHA256SUMS'), 'utf8')
  const named = [...sums.matchAll(/^[0-9a-f]{64} {2}(.+)\n/gm)].map(([, path]) => path)
  expect([...named, 'SHA256SUMS'].sort()).toEqual(filesIn(FOLDER))
  expect(execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], { cwd: FOLDER }).length).toBe(
    0,
  )
})

test('@long what README.txt names is there, and what is there is named', () => {
  const text = readFileSync(join(FOLDER, 'README.txt'), 'utf8')
  const [, list = ''] = text.split('WHAT IS WHAT')
  const named = [...list.split('FIRST,')[0]!.matchAll(/^ {2}(\S.*?)(?: {3,}|$)/gm)].flatMap(([, names]) =>
    names!.split(', ').map((name) => name.replace(/\/$/, '')),
  )
  expect([...named, 'README.txt'].sort()).toEqual(readdirSync(FOLDER).sort())
  expect(text).not.toMatch(/\{\w+\}/)
})

test('@long the SBOM is CycloneDX 1.6, and names what is in each part of the package', () => {
  const schemas = join(PROJECT, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')
  const schema = (name: string) => readJson(schemas, `${name}.SNAPSHOT.schema.json`) as AnySchema
  const ajv = new Ajv({
    strict: false,
    formats: {
      'iri-reference': (text: string) => URL.canParse(text, 'https://example.org'),
      'idn-email': true,
      'date-time': true,
      email: true,
      uri: true,
    },
    schemas: Object.fromEntries(
      ['spdx', 'jsf-0.82', 'cryptography-defs'].map((name) => [
        `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
        schema(name),
      ]),
    ),
  })
  const isValid = ajv.compile(schema('bom-1.6'))
  const sbom = readJson(FOLDER, 'sbom.cdx.json') as Sbom
  expect(isValid(sbom), JSON.stringify(isValid.errors)).toBe(true)
  expect(
    isValid({ ...sbom, components: [{ ...sbom.components[0], licenses: [{ license: { id: 'None' } }] }] }),
  ).toBe(false)
  const refs = sbom.components.map((each) => each['bom-ref'])
  expect(new Set(refs).size).toBe(refs.length)
  for (const { dependsOn } of sbom.dependencies) for (const each of dependsOn) expect(refs).toContain(each)
  for (const { type, purl, name, group, version, hashes } of sbom.components) {
    if (type !== 'library') continue
    expect(purl).toBe(
      `pkg:npm/${group === undefined ? '' : `${group.replace('@', '%40')}/`}${name}@${version}`,
    )
    expect(hashes).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) as unknown }])
  }
  const sums = readFileSync(join(FOLDER, 'SHA256SUMS'), 'utf8')
  for (const artefact of ['omega-exchange.html', 'omega-verify.mjs', 'omega-bridge.mjs']) {
    const { hashes } = sbom.components.find(({ name }) => name === artefact)!
    expect(sums).toContain(`${hashes![0]!.content}  ${artefact}\n`)
  }
})

/** Judged by source maps, which the package is not made from. */
const BUILT = [
  { artefact: 'app', mode: 'production' },
  { artefact: 'omega-verify.mjs', mode: 'cli' },
  { artefact: 'omega-bridge.mjs', mode: 'bridge' },
]
/** Of what they bring no source is left to be named: the preloader, the kernel in WebAssembly and in JavaScript. */
const WITHOUT_SOURCE = ['assemblyscript', 'binaryen', 'rolldown', 'vite']

for (const { artefact, mode } of BUILT)
  test(`@long every package with code in ${artefact} is in the SBOM, with its licence`, () => {
    test.setTimeout(600_000)
    withFolder((folder) => {
      const vite = join(PROJECT, 'node_modules/vite/bin/vite.js')
      const options = ['--mode', mode, '--sourcemap', '--outDir', folder, '--logLevel', 'error']
      execFileSync(process.execPath, [vite, 'build', ...options], { cwd: PROJECT, stdio: 'pipe' })
      const found = new Set<string>()
      for (const path of filesIn(folder).filter((each) => each.endsWith('.map')))
        for (const source of (readJson(folder, path) as { sources: string[] }).sources) {
          const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]
          if (name !== undefined) found.add(name)
        }
      // The service worker has no map; its libraries say their names.
      if (artefact === 'app')
        for (const [, name] of readFileSync(join(FOLDER, 'app/sw.js'), 'utf8').matchAll(
          /workbox:(\w+):[\d.]+/g,
        ))
          found.add(`workbox-${name}`)
      expect(found.size).toBeGreaterThan(2)
      expect(namesIn(artefact).filter((name) => !WITHOUT_SOURCE.includes(name))).toEqual([...found].sort())
    })
    for (const path of ['THIRD-PARTY.txt', 'app/THIRD-PARTY.txt']) {
      const text = readFileSync(join(FOLDER, path), 'utf8')
      for (const name of namesIn(artefact)) {
        const [, licence = ''] = text.split(`${'-'.repeat(72)}\n${name} `)
        expect(licence.split('-'.repeat(72))[0]!.length, name).toBeGreaterThan(500)
      }
    }
  })

test('@long the one file has no package in it that the app has not', () => {
  const app = namesIn('app')
  const single = namesIn('omega-exchange.html').filter((name) => !['esm-env', 'rolldown'].includes(name))
  expect(single.length).toBeGreaterThan(5)
  expect(app).toEqual(expect.arrayContaining(single))
})

test('@long the package has no path of the machine it was made on, and no key or password', () => {
  const SECRETS =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|_authToken|\b(?:npm|ghp|gho|ghs)_[A-Za-z0-9]{36}|\bAKIA[0-9A-Z]{16}\b/
  for (const path of filesIn(FOLDER)) {
    const text = readFileSync(join(FOLDER, path), 'latin1')
    for (const place of [PROJECT, `${homedir()}/`])
      expect(text.includes(place), `${path}: ${place}`).toBe(false)
    expect(SECRETS.test(text), path).toBe(false)
  }
})

test('@long the verifier of the package works with nothing beside it', () => {
  withFolder((folder) => {
    const verifier = join(folder, 'omega-verify.mjs')
    copyFileSync(join(FOLDER, 'omega-verify.mjs'), verifier)
    const conformance = join(PROJECT, 'public/conformance')
    const { cases } = readJson(conformance, 'index.json') as { cases: string[] }
    const seen = { holds: 0, refused: 0 }
    for (const path of cases.filter((each) => each.startsWith('manifest/tree/'))) {
      const { file, result } = readJson(conformance, path) as { file: string; result: string }
      const args = [verifier, join(conformance, path, '..', file)]
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: {} })
      expect(status, `${path}: ${stdout}`).toBe(result === 'ok' ? 0 : 1)
      seen[result === 'ok' ? 'holds' : 'refused']++
    }
    expect(Math.min(seen.holds, seen.refused)).toBeGreaterThan(0)
  })
})

test('@long the app and the one file open out of the package without a problem', async () => {
  const server = await serve(join(FOLDER, 'app'), '/tools/omega/')
  const script = readPackedScript(join(FOLDER, 'omega-exchange.html'))
  for (const url of [server.url, pathToFileURL(join(FOLDER, 'omega-exchange.html')).href]) {
    const { page, problems, close } = await openProfile(test.info().outputPath('profile'), { baseURL: url })
    await page.goto(url)
    await expect(page.getByRole('heading', { level: 2, name: /What your agents remember/ })).toBeVisible()
    expect(withoutOwnScript(problems, script)).toEqual([])
    await close()
  }
  await server.stop()
})
