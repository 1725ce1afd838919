import type { Bundled } from './bundled.ts'

export interface Product {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
}

/** A thing in the folder that code of others is in; of a single file its SHA-256, hex. */
export interface Artefact {
  readonly name: string
  readonly sha256?: string
}

/**
 * CycloneDX 1.6: what is inside the artefacts, and inside which. No date and no serial number, so that the same
 * sources give the same bytes. The hash of a package is that of what npm delivers.
 */
export function toSbom(
  product: Product,
  artefacts: readonly Artefact[],
  packages: readonly Bundled[],
): string {
  const root = `${product.name}@${product.version}`
  const sbom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': root,
        name: product.name,
        version: product.version,
        description: product.description,
        licenses: [{ license: { id: product.license } }],
      },
    },
    components: [
      ...artefacts.map(({ name, sha256 }) => ({
        type: 'application',
        'bom-ref': name,
        name,
        version: product.version,
        ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
        licenses: [{ license: { id: product.license } }],
      })),
      ...packages.map((each) => ({
        type: 'library',
        'bom-ref': toPurl(each),
        ...namesOf(each.name),
        version: each.version,
        hashes: [{ alg: 'SHA-512', content: each.sha512 }],
        licenses: [toLicense(each.licence)],
        purl: toPurl(each),
      })),
    ],
    dependencies: [
      { ref: root, dependsOn: artefacts.map(({ name }) => name) },
      ...artefacts.map(({ name }) => ({
        ref: name,
        dependsOn: packages.filter((each) => each.artefacts.includes(name)).map(toPurl),
      })),
    ],
  }
  return `${JSON.stringify(sbom, null, 2)}\n`
}

/** A choice of licences is an expression and no id. */
function toLicense(spdx: string): object {
  return spdx.includes(' ') ? { expression: spdx } : { license: { id: spdx } }
}

function namesOf(name: string): { readonly group?: string; readonly name: string } {
  const [group, own] = name.split('/')
  return own === undefined ? { name } : { group: group!, name: own }
}

function toPurl({ name, version }: Bundled): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
