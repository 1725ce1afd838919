import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An npm package with code in at least one artefact. */
export interface Bundled {
  readonly name: string
  readonly version: string
  /** SPDX identifier, as the package declares it. */
  readonly licence: string
  /** With the text of its NOTICE, if it has one. */
  readonly licenceText: string
  /** SHA-512 of the package as npm delivers it, hex, out of package-lock.json. */
  readonly sha512: string
  /** The artefacts it is in, sorted. */
  readonly artefacts: readonly string[]
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
}

/** What is installed in `folder` of `project`. Throws where name, licence, its text or the hash is missing. */
export function readBundled(project: string, folder: string, artefacts: readonly string[]): Bundled {
  const read = (...path: string[]) => readFileSync(join(project, ...path), 'utf8')
  const {
    name,
    version,
    license: licence,
  } = JSON.parse(read(folder, 'package.json')) as Record<string, unknown>
  const { integrity } = (JSON.parse(read('package-lock.json')) as Lock).packages[folder] ?? {}
  const files = readdirSync(join(project, folder)).sort()
  const file = files.find((each) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(each))
  if (
    typeof name !== 'string' ||
    typeof version !== 'string' ||
    typeof licence !== 'string' ||
    file === undefined
  )
    throw new Error(`${folder} has no name, version, licence or text of it.`)
  if (integrity?.startsWith('sha512-') !== true)
    throw new Error(`package-lock.json has no SHA-512 of ${folder}.`)
  // Vite's goes on with what is inside Vite, of which nothing is in what it builds.
  const [text = ''] = read(folder, file).split('\n# Licenses of bundled')
  const notice = files.includes('NOTICE') ? `\n\nNOTICE\n\n${read(folder, 'NOTICE')}` : ''
  return {
    name,
    version,
    licence,
    licenceText: `${text.trim()}${notice}`.replaceAll('\r\n', '\n').trim(),
    sha512: Buffer.from(integrity.slice(7), 'base64').toString('hex'),
    artefacts,
  }
}

/** All names, versions and licences, then the texts: what has to go along wherever the files go. */
export function toThirdParty(packages: readonly Bundled[]): string {
  const list = packages.map(
    ({ name, version, licence, artefacts }) =>
      `${name} ${version}, ${licence}\n  in ${artefacts.join(', ')}\n`,
  )
  const texts = packages.map(
    ({ name, version, licenceText }) => `${'-'.repeat(72)}\n${name} ${version}\n\n${licenceText}\n`,
  )
  return [
    'What others made that is inside Omega Exchange, as the bundler reported it.\n',
    list.join(''),
    texts.join('\n'),
  ].join('\n')
}
