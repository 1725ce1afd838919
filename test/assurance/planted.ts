import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { verifyManifest } from '../../src/core/verify.ts'
import type { Finding } from './fuzz.ts'
import { fuzz, verifierOf } from './fuzz.ts'

/**
 * Copies of the core from which one check is missing: whether the fuzzer finds them says what its silence about
 * the product is worth. The text that goes must stand in the file exactly once, so that a plant cannot wither.
 */
export interface Plant {
  readonly name: string
  /** In `src/core`. */
  readonly file: string
  readonly text: string
  readonly instead: string
}

const require = createRequire(import.meta.url)
const CORE = fileURLToPath(new URL('../../src/core/', import.meta.url))

const gone = (name: string, file: string, text: string, instead = ''): Plant => ({
  name,
  file,
  text,
  instead,
})

/** Where a check stands alone as `if (…)`, its condition is made false. */
const never = (name: string, file: string, condition: string): Plant =>
  gone(name, file, `if (${condition})`, 'if (false)')

export const PLANTS: readonly Plant[] = [
  never('content_sha256 compared', 'memory.ts', 'toHex(hashText(memory.content)) !== memory.content_sha256'),
  never('sealed_hash compared', 'memory.ts', 'toHex(sealedHash(memory)) !== memory.sealed_hash'),
  never('leaf_hash compared', 'memory.ts', 'toHex(leaf) !== memory.leaf_hash'),
  never(
    'merkle_root compared',
    'manifest-reader.ts',
    'toHex(this.#tree.root()) !== this.#header.merkle_root',
  ),
  never('a memory too many', 'manifest-reader.ts', 'this.memories >= this.#header.memory_count'),
  never(
    'a memory too few',
    'manifest-reader.ts',
    'text === FRAME.close && this.memories < this.#header.memory_count',
  ),
  never(
    'details_hash compared',
    'manifest-reader.ts',
    'hashDetails(envelope.details) !== envelope.header.details_hash',
  ),
  gone(
    'signatures of the envelope',
    'statement.ts',
    'await verifyWithKey(key.strict, pae, fromBase64(statement.signatures[i]!.signature)!, engine)',
  ),
  never('the issuer signed', 'statement.ts', '!verified.includes(statement.header.issuer.fingerprint)'),
  never(
    'the listed signers signed',
    'statement.ts',
    '!required.every((signer) => verified.includes(signer))',
  ),
  never('fingerprint is the key\u2019s', 'pem.ts', 'claimed !== undefined && fingerprint !== claimed'),
  gone('PEM in its one form', 'pem.ts', 'spki === null || toPem(spki) !== pem', 'spki === null'),
  gone(
    'Ed25519 in its one form',
    'pem.ts',
    'spki.length !== 44 || !equalBytes(spki.subarray(0, 12), ED25519_PREFIX)',
    'spki.length !== 44',
  ),
  gone('A in the subgroup', 'ed25519.ts', '!point.is0() && point.isTorsionFree()', '!point.is0()'),
  gone(
    'A and R not the identity',
    'ed25519.ts',
    '!point.is0() && point.isTorsionFree()',
    'point.isTorsionFree()',
  ),
  gone('A a strict point', 'ed25519.ts', 'if (!isStrictPoint(key))', 'if (false)'),
  gone('R a strict point', 'ed25519.ts', 'isStrictPoint(signature.subarray(0, 32)) &&'),
  gone(
    'equation with an engine that takes any S, S < L',
    'ed25519.ts',
    'littleEndian(signature.subarray(32)) < ORDER\n  if (!wellFormed || !(await equationHolds(key, message, signature, engine)))',
    'true\n  if (!wellFormed || !(await equationHolds(key, message, reduced(signature), engine)))',
  ),
  never('canonical form compared', 'canonical.ts', 'canonicalize(value, depth) !== text'),
  never('no more than 32 levels', 'canonical.ts', 'depth > MAX_DEPTH'),
  never('no number beyond 2^53 − 1', 'canonical.ts', '!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)'),
  never('evidence in order', 'manifest-reader.ts', "id <= (this.#evidence.at(-1)?.id ?? '')"),
  gone(
    'signatures of the evidence',
    'manifest-reader.ts',
    'await verifyStatement(statement, this.#options.engine)',
  ),
  never('nothing after the end', 'manifest-reader.ts', 'splitter.rest.length > 0'),
  never('no line after the end', 'manifest-reader.ts', "this.#expected === 'nothing'"),
  never('critical is understood', 'manifest.ts', 'unknownCritical(parsed.header, HEADER_NAMES)!.length > 0'),
  never('the envelope is of this kind', 'manifest.ts', 'statement.type !== PAYLOAD_TYPE.manifest'),
  never(
    'previous fits sequence',
    'manifest.ts',
    "(header['sequence'] === 1) !== (header['previous'] === null)",
  ),
  never('names refused in a memory', 'memory.ts', 'REFUSED_NAMES.some((name) => Object.hasOwn(value, name))'),
  gone('UTF-8 is strict', 'bytes.ts', '{ fatal: true, ignoreBOM: true }', '{ ignoreBOM: true }'),
  gone('U+FEFF is kept', 'bytes.ts', '{ fatal: true, ignoreBOM: true }', '{ fatal: true }'),
  gone('base64 encoded again', 'bytes.ts', 'toBase64(bytes) === text ? bytes : null', 'bytes'),
  gone('hex in lower case', 'bytes.ts', '/^[0-9a-f]*$/.test(value)', '/^[0-9a-f]*$/i.test(value)'),
  gone('lists ascend', 'text.ts', 'i === 0 || values[i - 1]! < value', 'true'),
  gone(
    'exactly these members',
    'shape.ts',
    'check === undefined ? shape.open === true : check(member)',
    'check === undefined || check(member)',
  ),
  never('a line of at most 8 MiB', 'lines.ts', 'this.#held + more > MAX_LINE'),
]

/** No check is missing: the way itself changes nothing. */
export const CONTROL: Plant = gone(
  'nothing',
  'verify.ts',
  'export async function verifyManifest(',
  'export async function verifyManifest(',
)

/** Reduces S, as an engine that is not strict does; the only plant for which the engine must be planted too. */
const REDUCED = `
function reduced(signature) {
  let s = littleEndian(signature.subarray(32)) % ORDER
  const copy = signature.slice()
  for (let at = 32; at < 64; at++) {
    copy[at] = Number(s & 255n)
    s >>= 8n
  }
  return copy
}
`

/** Builds the copy, reads it and takes it away again. Throws where the text does not stand in the file just once. */
async function plantedCore({ name, file, text, instead }: Plant): Promise<typeof verifyManifest> {
  const folder = await mkdtemp(join(tmpdir(), 'omega-planted-'))
  let isPlanted = false
  try {
    await build({
      configFile: false,
      logLevel: 'silent',
      publicDir: false,
      ssr: { noExternal: true },
      build: {
        ssr: join(CORE, 'verify.ts'),
        outDir: folder,
        target: 'node20',
        rolldownOptions: { output: { format: 'cjs', entryFileNames: 'verify.cjs' } },
      },
      plugins: [
        {
          name: 'plant',
          enforce: 'pre',
          transform: (code, id) => {
            if (id !== join(CORE, file)) return null
            const parts = code.split(text)
            if (parts.length !== 2) throw new Error(`${name}: ${file} has its text ${parts.length - 1} times`)
            isPlanted = true
            return parts.join(instead) + (instead.includes('reduced(') ? REDUCED : '')
          },
        },
      ],
    })
    if (!isPlanted) throw new Error(`${name}: ${file} is no part of the core`)
    // Required, not imported: what runs the tests would look an import up in its own graph.
    const core = require(join(folder, 'verify.cjs')) as { verifyManifest: typeof verifyManifest }
    return core.verifyManifest
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export interface PlantResult {
  readonly name: string
  readonly file: string
  /** How many mutants it took; null where none showed it. */
  readonly mutants: number | null
  /** What gave it away. */
  readonly finding: Pick<Finding, 'n' | 'name' | 'what'> | null
}

/** Mutants in turn until the copy gives itself away, at most `most`. */
export async function findPlant(plant: Plant, seed: string, most: number): Promise<PlantResult> {
  const verifier = verifierOf(await plantedCore(plant))
  const { findings } = await fuzz({ seed, to: most, verifier, stopAtFirst: true })
  const [first] = findings
  const finding = first === undefined ? null : { n: first.n, name: first.name, what: first.what }
  return { name: plant.name, file: plant.file, mutants: finding && finding.n + 1, finding }
}
