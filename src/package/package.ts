import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readBundled, toThirdParty } from './bundled.ts'
import { readInside } from './inside.ts'
import { toSbom, type Product } from './sbom.ts'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

const SINGLE = 'omega-exchange.html'
const VERIFIER = 'omega-verify.mjs'
const BRIDGE = 'omega-bridge.mjs'
/** What has code of others in it; a folder and three files, by the names under which their builds are noted. */
const ARTEFACTS = ['app', SINGLE, VERIFIER, BRIDGE]
/** For whoever writes another reader: they have the sources. For Node: beside the app. */
const NOT_SERVED = ['conformance', VERIFIER, BRIDGE]

const COPIED: readonly (readonly [from: string, to: string])[] = [
  [`dist-single/${SINGLE}`, SINGLE],
  [`dist/${VERIFIER}`, VERIFIER],
  [`dist/${BRIDGE}`, BRIDGE],
  ['docs/bridge.md', 'bridge.md'],
  ['docs/serve.md', 'serve.md'],
  ['public/manifest-format.md', 'manifest-format.md'],
  ['public/report.schema.json', 'report.schema.json'],
  ['public/statement-report.schema.json', 'statement-report.schema.json'],
  ['LICENSE', 'LICENSE'],
  ['NOTICE', 'NOTICE'],
  // A server is given the folder alone.
  ['LICENSE', 'app/LICENSE'],
  ['NOTICE', 'app/NOTICE'],
]

/**
 * Makes `package/omega-exchange-<version>` out of what was built last: the folder that is carried. Its bytes follow
 * from the sources alone. Answers where it is. Throws where a build is missing.
 */
export function makePackage(): string {
  const product = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as Product
  const folder = join(PROJECT, 'package', `${product.name}-${product.version}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })

  cpSync(join(PROJECT, 'dist'), join(folder, 'app'), {
    recursive: true,
    filter: (from) => !NOT_SERVED.includes(relative(join(PROJECT, 'dist'), from)),
  })
  for (const [from, to] of COPIED) cpSync(join(PROJECT, from), join(folder, to))

  const inside = ARTEFACTS.map((artefact) => ({ artefact, places: readInside(artefact) }))
  const packages = [...new Set(inside.flatMap(({ places }) => places))].sort().map((place) => {
    const holders = inside.filter(({ places }) => places.includes(place))
    return readBundled(
      PROJECT,
      place,
      holders.map(({ artefact }) => artefact),
    )
  })
  const thirdParty = toThirdParty(packages)
  write(folder, 'THIRD-PARTY.txt', thirdParty)
  write(folder, 'app/THIRD-PARTY.txt', thirdParty)
  const artefacts = ARTEFACTS.map((name) =>
    statSync(join(folder, name)).isFile() ? { name, sha256: sha256Of(folder, name) } : { name },
  )
  write(folder, 'sbom.cdx.json', toSbom(product, artefacts, packages))
  const readme = readFileSync(fileURLToPath(new URL('README.txt', import.meta.url)), 'utf8')
  write(folder, 'README.txt', readme.replaceAll('{version}', product.version))
  write(folder, 'SHA256SUMS', sumsOf(folder))
  return folder
}

/** As `sha256sum -c` reads it: every file in the folder, sorted. */
function sumsOf(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.split(sep).join('/'))
    .sort()
    .map((path) => `${sha256Of(folder, path)}  ${path}\n`)
    .join('')
}

function sha256Of(folder: string, path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, path)))
    .digest('hex')
}

function write(folder: string, path: string, text: string): void {
  writeFileSync(join(folder, path), text)
}
