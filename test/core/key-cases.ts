import { TWO_WAYS } from '../assurance/odd.ts'
import type { JsonObject } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER, signerOf } from '../reference/writer.ts'
import { BO, by, type Case, withEvidence, withSignature, withSpki } from './case.ts'
import { scalarNamed, SPKI } from './curve.ts'
import { type Edge, edgesOf, forge, largeS, numberOf, withS } from './edges.ts'
import { P256 } from './manifests.ts'

/** Keys in other forms, and forgeries that hold for a reader which leaves out one of the strict rules (1). */

const notAllowed: Case[2] = ['signature', 'key_not_allowed', 1]
const malformed: Case[2] = ['signature', 'key_malformed', 1]
const invalid: Case[2] = ['signature', 'signature_invalid', 1]
const raw = Buffer.from(ISSUER.pem.split('\n')[1]!, 'base64').subarray(12)
const p256 = Buffer.from(P256.pem.split('\n').slice(1, -2).join(''), 'base64')
const hexed = (text: string, ...more: Uint8Array[]) =>
  Buffer.concat([Buffer.from(text.replaceAll(' ', ''), 'hex'), ...more])
const spki = (...parts: Parameters<typeof hexed>) => by(withSpki(() => hexed(...parts)))
/** A key beside the issuer's: where it is skipped, the file holds. */
const beside = (...parts: Parameters<typeof hexed>) =>
  by(
    ISSUER,
    signerOf(hexed(...parts), () => Buffer.alloc(70)),
  )
const pem = (change: (pem: string) => string) =>
  withSignature((signature) => void (signature.public_key_pem = change(signature.public_key_pem)))

/** An SPKI of an algorithm that nobody knows, `length` bytes in all. */
function unknownSpki(length: number): Uint8Array {
  const size = (bytes: number) => bytes.toString(16).padStart(4, '0')
  const key = length - 4 - 8 - 4
  const head = `3082${size(length - 4)} 3006 06042b010203 0382${size(key)} 00`
  return hexed(head, Buffer.alloc(key - 1, 7))
}

export const otherKeys: Case[] = [
  ['Ed25519 of 33 bytes', spki('302b 3005 06032b6570 0322 00', raw, Buffer.of(0)), notAllowed],
  ['Ed25519 of 33 bytes, one before the key', spki('302b 3005 06032b6570 0322 00 00', raw), notAllowed],
  ['an SPKI that reads two ways', by(TWO_WAYS), notAllowed],
  ['a length in a longer form', spki('30812a 3005 06032b6570 0321 00', raw), malformed],
  ['P-256 with a length in a longer form', beside('308159', p256.subarray(2)), malformed],
  ['P-256 with a length in two bytes for one', beside('30820059', p256.subarray(2)), malformed],
  ['an indefinite length', spki('3080 3005 06032b6570 0321 00', raw, Buffer.alloc(2)), malformed],
  ['unused bits', spki('302a 3005 06032b6570 0321 01', raw), malformed],
  [
    'P-256 with eight unused bits',
    beside('', p256.subarray(0, 25), Buffer.of(8), p256.subarray(26)),
    malformed,
  ],
  ['P-256 with unused bits', beside('', p256.subarray(0, 25), Buffer.of(1), p256.subarray(26)), malformed],
  ['an empty BIT STRING', beside('300a 3005 06032b6571 0301 00'), malformed],
  ['a BIT STRING of nothing at all', beside('3009 3005 06032b6571 0300'), malformed],
  ['an empty OID', beside('3008 3002 0600 0302 0001'), malformed],
  ['two parameters', beside('3010 300a 06042b010203 0500 0500 0302 0001'), malformed],
  ['one parameter', beside('300e 3008 06042b010203 0500 0302 0001'), null],
  ['a byte after the key, inside', beside('300d 3006 06042b010203 0302 0001 00'), malformed],
  ['an OCTET STRING for the key', beside('300c 3006 06042b010203 0402 0001'), malformed],
  ['a SET for the SEQUENCE', beside('310c 3006 06042b010203 0302 0001'), malformed],
  ['a length beyond the end', beside('300d 3006 06042b010203 0302 0001'), malformed],
  ['a SEQUENCE that ends before the key does', beside('300b 3006 06042b010203 0302 0001'), malformed],
  ['an algorithm that nobody knows', beside('300c 3006 06042b010203 0302 0001'), null],
  ['X25519 beside', beside('302a 3005 06032b656e 0321 00', raw), null],
  [
    'PEM: spare bits',
    pem((text) => text.replace(/(.)=\n/, (_, last: string) => `${next(last)}=\n`)),
    malformed,
  ],
  ['PEM: no padding', pem((text) => text.replace('=', '')), malformed],
  ['PEM: an empty line before the key', pem((text) => text.replace('\nMCow', '\n\nMCow')), malformed],
  ['PEM: an empty line after the key', pem((text) => text.replace('=\n', '=\n\n')), malformed],
  ['PEM: a surplus LF at the end', pem((text) => `${text}\n`), malformed],
  ['PEM: an LF before it', pem((text) => `\n${text}`), malformed],
  ['PEM: two keys', pem((text) => text + text), malformed],
  ['PEM: one line for two', longLine(), malformed],
  ['PEM: 16 KiB of another algorithm', beside('', unknownSpki(12_060)), null],
  ['PEM: over 16 KiB of another algorithm', beside('', unknownSpki(12_061)), malformed],
  [
    'another key under the fingerprint of the issuer',
    {
      header: { issuer: { fingerprint: ISSUER.fingerprint, label: 'Issuer' } },
      ...withSignature((signature) => void (signature.fingerprint = ISSUER.fingerprint), [BO]),
    },
    ['signature', 'fingerprint_mismatch', 1],
  ],
  [
    '65 bytes, of which 64 verify',
    withSignature((signature) => {
      const bytes = Buffer.from(signature.signature, 'base64')
      signature.signature = Buffer.concat([bytes, Buffer.of(0)]).toString('base64')
    }),
    invalid,
  ],
]

/** P-256 in one line of more than 64 columns. */
function longLine(): ManifestOptions {
  const [begin, ...lines] = P256.pem.split('\n')
  const text = `${begin}\n${lines.slice(0, -2).join('')}\n${lines.at(-2)}\n`
  return by(ISSUER, { ...P256, pem: text })
}

function next(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1)
}

const edge = (name: string, all: readonly Edge[]) => all.find((each) => each.name === name)!
const [goodKey, ...oddKeys] = edgesOf(scalarNamed('Issuer'))
const commitments = edgesOf(12345n)
const goodR = commitments[0]!
/** Of each eight messages one has what cancels the torsions, if they can be cancelled at all. */
const TRIES = 256

/**
 * Signs like `forge`, and says by `holds` of the last signature whether SB = R + kA itself holds: then a reader that
 * lacks one rule takes the file.
 */
function forger(a: Edge, r: Edge): { signer: Signer; holds: () => boolean } {
  let last = false
  const signer = signerOf(Buffer.concat([SPKI, a.bytes]), (message) => {
    const { signature, holds } = forge(a, r, message)
    last = holds
    return signature
  })
  return { signer, holds: () => last }
}

/** The first header, by one member, under which the forgery holds. */
function forged(a: Edge, r: Edge): { header: JsonObject; signer: Signer } {
  const { signer, holds } = forger(a, r)
  for (let later = 0; later < TRIES; later++) {
    buildManifest({ signers: [signer], header: { later } })
    if (holds()) return { header: { later }, signer }
  }
  throw new Error(`nothing holds for A ${a.name}, R ${r.name}`)
}

/** The same as a statement; if nothing else is said with A of mixed order and a good R. */
export function forgedStatement(a: Edge = edge('mixed 1', oddKeys), r: Edge = goodR): Statement {
  const { signer, holds } = forger(a, r)
  for (let later = 0; later < TRIES; later++) {
    const statement = buildStatement('text/x', { later }, [signer])
    if (holds()) return statement
  }
  throw new Error(`nothing holds for A ${a.name}, R ${r.name}`)
}

const file = (a: Edge, r: Edge) => () => {
  const { header, signer } = forged(a, r)
  return buildManifest({ signers: [signer], header }).bytes
}

export const forgeries: Case[] = [
  ...oddKeys
    .filter(({ kind }) => kind === 'mixed' || kind === 'low')
    .map((a): Case => [`A ${a.name}, a good R, the equation holds`, file(a, goodR), notAllowed]),
  ...['mixed 1', 'mixed 4', 'low order 1'].map((r): Case => [
    `A mixed 1, R ${r}, the equation holds`,
    file(edge('mixed 1', oddKeys), edge(r, commitments)),
    notAllowed,
  ]),
  [
    'A low order 1, R low order 1, the equation holds',
    file(edge('low order 1', oddKeys), edge('low order 1', commitments)),
    notAllowed,
  ],
  ...[1, 2, 3, 5, 6, 7].map((n): Case => [
    `a good A, R mixed ${n}: the equation holds times eight`,
    by(forger(goodKey!, edge(`mixed ${n}`, commitments)).signer),
    invalid,
  ]),
  ...largeS(1n)
    .filter(([name]) => /^S \+ (2|7|15)L|^S with bit 25[2345]/.test(name))
    .map(([name]): Case => [name, by(withLargeS(name)), invalid]),
  [
    'evidence: A mixed 1, a good R, the equation holds',
    withEvidence(forgedStatement()),
    ['evidence', 'key_not_allowed', 3],
  ],
  [
    'evidence: R the identity, the equation holds',
    withEvidence(buildStatement('text/x', {}, [forger(goodKey!, edge('low order 0', commitments)).signer])),
    ['evidence', 'signature_invalid', 3],
  ],
]

function withLargeS(name: string): Signer {
  return signerOf(Buffer.concat([SPKI, goodKey!.bytes]), (message) => {
    const { signature } = forge(goodKey!, goodR, message)
    const [, s] = largeS(numberOf(signature.subarray(32))).find(([each]) => each === name)!
    return withS(goodR.bytes, s)
  })
}
