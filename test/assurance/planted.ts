import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { compileKernel, compileKernelScript } from '../../src/kernel/build.ts'
import * as entry from './entry.ts'
import type { Finding } from './fuzz.ts'
import { judgeAgainst, makeMutant, twinOf } from './fuzz.ts'
import { KERNEL_PLANTS } from './planted-kernel.ts'
import type { Compiled, Entry, Product } from './product.ts'
import { productOf } from './product.ts'

/**
 * Copies of the product from which one check is missing: whether the fuzzer finds them says what its silence about
 * the product is worth. The text that goes must stand in the file exactly once, so that a plant cannot wither.
 */
export interface Plant {
  readonly name: string
  /** In `src`. */
  readonly file: string
  readonly text: string
  readonly instead: string
}

const gone = (name: string, file: string, text: string, instead = ''): Plant => ({
  name,
  file,
  text,
  instead,
})

/** Where a check stands alone as `if (…)`, its condition is made false. */
const never = (name: string, file: string, condition: string): Plant =>
  gone(name, file, `if (${condition})`, 'if (false)')

const CORE_PLANTS: readonly Plant[] = [
  never(
    'content_sha256 compared',
    'core/memory.ts',
    'toHex(hashText(memory.content)) !== memory.content_sha256',
  ),
  never('sealed_hash compared', 'core/memory.ts', 'toHex(sealedHash(memory)) !== memory.sealed_hash'),
  never('leaf_hash compared', 'core/memory.ts', 'toHex(leaf) !== memory.leaf_hash'),
  never(
    'merkle_root compared',
    'core/manifest-reader.ts',
    'toHex(this.#tree.root()) !== this.#header.merkle_root',
  ),
  never('a memory too many', 'core/manifest-reader.ts', 'this.memories >= this.#header.memory_count'),
  never(
    'a memory too few',
    'core/manifest-reader.ts',
    'text === FRAME.close && this.memories < this.#header.memory_count',
  ),
  never(
    'details_hash compared',
    'core/manifest-reader.ts',
    'hashDetails(envelope.details) !== envelope.header.details_hash',
  ),
  gone(
    'signatures of the envelope',
    'core/statement.ts',
    'await verifyWithKey(key.strict, pae, fromBase64(statement.signatures[i]!.signature)!, engine)',
  ),
  never('the issuer signed', 'core/statement.ts', '!verified.includes(statement.header.issuer.fingerprint)'),
  never(
    'the listed signers signed',
    'core/statement.ts',
    '!required.every((signer) => verified.includes(signer))',
  ),
  never('fingerprint is the key\u2019s', 'core/pem.ts', 'claimed !== undefined && fingerprint !== claimed'),
  gone('PEM in its one form', 'core/pem.ts', 'spki === null || toPem(spki) !== pem', 'spki === null'),
  gone(
    'Ed25519 in its one form',
    'core/pem.ts',
    'spki.length !== 44 || !equalBytes(spki.subarray(0, 12), ED25519_PREFIX)',
    'spki.length !== 44',
  ),
  gone('A in the subgroup', 'core/ed25519.ts', '!point.is0() && point.isTorsionFree()', '!point.is0()'),
  gone(
    'A and R not the identity',
    'core/ed25519.ts',
    '!point.is0() && point.isTorsionFree()',
    'point.isTorsionFree()',
  ),
  gone('A a strict point', 'core/ed25519.ts', 'if (!isStrictPoint(key))', 'if (false)'),
  gone('R a strict point', 'core/ed25519.ts', 'isStrictPoint(signature.subarray(0, 32)) &&'),
  gone(
    'equation with an engine that takes any S, S < L',
    'core/ed25519.ts',
    'littleEndian(signature.subarray(32)) < ORDER\n  if (!wellFormed || !(await equationHolds(key, message, signature, engine)))',
    'true\n  if (!wellFormed || !(await equationHolds(key, message, reduced(signature), engine)))',
  ),
  never('canonical form compared', 'core/canonical.ts', 'canonicalize(value, depth) !== text'),
  never('no more than 32 levels', 'core/canonical.ts', 'depth > MAX_DEPTH'),
  never('no number beyond 2^53 − 1', 'core/canonical.ts', '!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)'),
  never('evidence in order', 'core/manifest-reader.ts', "id <= (this.#evidence.at(-1)?.id ?? '')"),
  gone(
    'signatures of the evidence',
    'core/manifest-reader.ts',
    'await verifyStatement(statement, this.#options.engine)',
  ),
  never('nothing after the end', 'core/manifest-reader.ts', 'splitter.rest.length > 0'),
  never('no line after the end', 'core/manifest-reader.ts', "this.#expected === 'nothing'"),
  never(
    'critical is understood',
    'core/manifest.ts',
    'unknownCritical(parsed.header, HEADER_NAMES)!.length > 0',
  ),
  never('the envelope is of this kind', 'core/manifest.ts', 'statement.type !== PAYLOAD_TYPE.manifest'),
  never(
    'previous fits sequence',
    'core/manifest.ts',
    "(header['sequence'] === 1) !== (header['previous'] === null)",
  ),
  never(
    'names refused in a memory',
    'core/memory.ts',
    'REFUSED_NAMES.some((name) => Object.hasOwn(value, name))',
  ),
  gone('UTF-8 is strict', 'core/bytes.ts', '{ fatal: true, ignoreBOM: true }', '{ ignoreBOM: true }'),
  gone('U+FEFF is kept', 'core/bytes.ts', '{ fatal: true, ignoreBOM: true }', '{ fatal: true }'),
  gone('base64 encoded again', 'core/bytes.ts', '(held & ((1 << bits) - 1)) === 0 ? bytes : null', 'bytes'),
  gone('hex in lower case', 'core/bytes.ts', '/^[0-9a-f]*$/.test(value)', '/^[0-9a-f]*$/i.test(value)'),
  gone('lists ascend', 'core/text.ts', 'i === 0 || values[i - 1]! < value', 'true'),
  gone(
    'exactly these members',
    'core/shape.ts',
    'optional[name]!(value[name]!) : open',
    'optional[name]!(value[name]!) : true',
  ),
  never('a line of at most 8 MiB', 'core/lines.ts', 'this.#held + more > MAX_LINE'),
  gone('content of at most 1,000,000', 'core/memory.ts', ' && value.length <= MAX_CONTENT'),
  gone('a signature of at most 65,536 bytes', 'core/statement.ts', ' && bytes.length <= MAX_SIGNATURE_BYTES'),
  gone('a PEM of at most 16 KiB', 'core/pem.ts', 'pem.length > MAX_PEM_BYTES || '),
  gone('1,024 signatures of evidence', 'core/manifest-reader.ts', ' || signatures > MAX_EVIDENCE_SIGNATURES'),
  gone('16 MiB of evidence', 'core/manifest-reader.ts', ' || this.#evidenceBytes > MAX_EVIDENCE_BYTES'),
  never(
    'parameters of an algorithm are one element',
    'core/pem.ts',
    'oid.end < algorithm.end && element(spki, oid.end)?.end !== algorithm.end',
  ),
  never(
    'DER in its shortest length',
    'core/pem.ts',
    '(count === 1 && length < 0x80) || (count === 2 && length < 0x100)',
  ),
  gone('no unused bits in a key', 'core/pem.ts', ' || spki[key.start] !== 0'),
  gone('a redaction defines its members', 'core/statement.ts', "redaction: ['entries', 'manifest'],"),
  gone('a trust list defines its members', 'core/statement.ts', "'trust-list': ['entries'],"),
  gone(
    'a succession defines its members',
    'core/statement.ts',
    "'key-succession': ['predecessor', 'successor'],",
  ),
  gone(
    'a revocation defines its members',
    'core/statement.ts',
    "'key-revocation': ['key', 'last_valid', 'reason'],",
  ),
  gone('selection: until is a time', 'core/selection.ts', '    until: isTime,\n'),
  gone('selection: event_type is a short string', 'core/selection.ts', '    event_type: isShortString,\n'),
  gone('separators of lines in no short string', 'core/text.ts', '\\u2028-\\u202e'),
  never('no lone surrogate in a name', 'core/canonical.ts', '!isWellFormed(name)'),
  never(
    'a mark at the start of a file',
    'core/verify.ts',
    'equalBytes(start.subarray(0, 3), BYTE_ORDER_MARK)',
  ),
  gone('expired, by the clock', 'core/freshness.ts', 'now >= header.expires_at', 'false'),
  gone('ahead of the clock', 'core/freshness.ts', '5 * 60 * 1000', 'Infinity'),
  gone('runs: a line of at most 8 MiB', 'core/run.ts', ' || lf - end > MAX_LINE'),
  gone('runs: the last memory is not theirs', 'core/run.ts', ' || bytes[lf - 1] !== COMMA'),
  never(
    'runs: no more memories than signed',
    'core/manifest-reader.ts',
    'this.memories + leaves.length / 32 > this.#header.memory_count',
  ),
  never('statement alone: critical', 'core/statement-file.ts', "Object.hasOwn(statement.header, 'critical')"),
  never('statement alone: nothing after the end', 'core/statement-file.ts', 'end + 1 < bytes.length'),
  never('statement alone: exactly these members', 'core/statement-file.ts', '!hasShape(value, FILE)'),
  never('statement alone: another version', 'core/statement-file.ts', 'isOtherVersion(value)'),
  gone(
    'statement alone: a line of at most 8 MiB',
    'core/statement-file.ts',
    '(end === -1 ? bytes.length : end) > MAX_LINE',
    'false',
  ),
  gone('gzip: the checksum', 'cli/gunzip.ts', ' || trailer.readUInt32LE(0) !== crc'),
  gone('gzip: the length', 'cli/gunzip.ts', ' || trailer.readUInt32LE(4) !== size % 2 ** 32'),
  gone('gzip: nothing behind it', 'cli/gunzip.ts', ' && inflate.bytesWritten + TRAILER_BYTES === deflated'),
  gone('gzip: the method', 'cli/gunzip.ts', 'fixed[2] !== 8 || '),
  gone('gzip: no reserved flags', 'cli/gunzip.ts', ' || flags & FLAGS.reserved'),
  gone('gzip: the checksum of its header', 'cli/gunzip.ts', ' !== crc % 2 ** 16', ' < 0'),
]

export const PLANTS: readonly Plant[] = [...CORE_PLANTS, ...KERNEL_PLANTS]

/** No check is missing: the ways themselves change nothing. */
export const CONTROLS: readonly Plant[] = [
  gone(
    'nothing',
    'core/verify.ts',
    'export async function verifyManifest(',
    'export async function verifyManifest(',
  ),
  gone('nothing', 'kernel/index.ts', 'export function checkLines(', 'export function checkLines('),
]

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

const require = createRequire(import.meta.url)
const SRC = fileURLToPath(new URL('../../src/', import.meta.url))
const ENTRY = fileURLToPath(new URL('./entry.ts', import.meta.url))

/** In place of `src/kernel/build.ts`. */
const NO_COMPILER = ['buildKernel', 'buildKernelScript']
  .map((name) => `export const ${name} = null`)
  .join('\n')

/** Builds the copy, reads it and takes it away again. Throws where the text does not stand in the file just once. */
async function productWith(plant: Plant): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'omega-planted-'))
  try {
    return plant.file.startsWith('kernel/')
      ? productOf(entry, await compilePlanted(plant, folder))
      : productOf(await buildEntry(plant, folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function planted(code: string, { name, file, text, instead }: Plant): string {
  const parts = code.split(text)
  if (parts.length !== 2) throw new Error(`${name}: ${file} has its text ${parts.length - 1} times`)
  return parts.join(instead) + (instead.includes('reduced(') ? REDUCED : '')
}

async function compilePlanted(plant: Plant, folder: string): Promise<Compiled> {
  await cp(join(SRC, 'kernel'), folder, { recursive: true })
  const file = join(folder, basename(plant.file))
  await writeFile(file, planted(await readFile(file, 'utf8'), plant))
  const [wasm, script] = [join(folder, 'kernel.wasm'), join(folder, 'kernel.js')]
  compileKernel(folder, wasm)
  compileKernelScript(folder, script)
  return { wasm: await readFile(wasm), script: await readFile(script, 'utf8') }
}

async function buildEntry(plant: Plant, folder: string): Promise<Entry> {
  let isPlanted = false
  await build({
    configFile: false,
    logLevel: 'silent',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: ENTRY,
      outDir: folder,
      target: 'node20',
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'entry.cjs' } },
    },
    plugins: [
      {
        name: 'plant',
        enforce: 'pre',
        transform: (code, id) => {
          // A copy is given its kernel; what compiles one is no part of it.
          if (id === join(SRC, 'kernel/build.ts')) return NO_COMPILER
          if (id !== join(SRC, plant.file)) return null
          isPlanted = true
          return planted(code, plant)
        },
      },
    ],
  })
  if (!isPlanted) throw new Error(`${plant.name}: ${plant.file} is no part of it`)
  // Required, not imported: what runs the tests would look an import up in its own graph.
  return require(join(folder, 'entry.cjs')) as Entry
}

export interface PlantResult {
  readonly name: string
  readonly file: string
  /** How many mutants it took; null where none showed it. */
  readonly mutants: number | null
  /** What gave it away. */
  readonly finding: Pick<Finding, 'n' | 'name' | 'what'> | null
}

/** All copies get the same mutants in turn, each until it gives itself away, at most `most`. */
export async function findPlants(
  plants: readonly Plant[],
  seed: string,
  most: number,
  onProgress: (done: number) => void = () => undefined,
): Promise<PlantResult[]> {
  const products: Product[] = []
  for (const plant of plants) {
    products.push(await productWith(plant))
    onProgress(0)
  }
  const results = plants.map(({ name, file }): PlantResult => ({ name, file, mutants: null, finding: null }))
  for (let n = 0; n < most && results.some(({ finding }) => finding === null); n++) {
    const mutant = makeMutant(seed, 'forgery', n)
    const twin = twinOf(mutant)
    if (n % 100 === 0) onProgress(n)
    for (const [at, result] of results.entries()) {
      if (result.finding !== null) continue
      const { finding } = await judgeAgainst(twin, mutant, products[at]!)
      // That a run of many copies is slow says nothing about one.
      if (finding === null || finding.what === 'slow') continue
      results[at] = { ...result, mutants: n + 1, finding: { n, name: finding.name, what: finding.what } }
    }
  }
  return results
}
