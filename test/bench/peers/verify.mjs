/** The checks of a manifest as one would first write them for Node, in one thread. */
import assert from 'node:assert/strict'
import { createHash, verify } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const APART = new Set(['blind', 'content', 'content_sha256', 'leaf_hash', 'metadata', 'provenance'])

function sha(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function spell(value) {
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${spell(value[name])}`).join(',')}}`
}

function canonical(text) {
  const value = JSON.parse(text)
  assert.equal(spell(value), text, 'not canonical')
  return value
}

function checkEnvelope(line) {
  const { details, header, signatures, type } = canonical(line.slice('{"envelope":'.length, -1))
  const body = Buffer.from(spell(header))
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body])
  assert.equal(sha('\u0003', spell(details)).toString('hex'), header.details_hash)
  for (const { public_key_pem, signature } of signatures)
    assert(verify(null, pae, public_key_pem, Buffer.from(signature, 'base64')), 'signature')
  return header
}

function checkMemory(text) {
  const memory = canonical(text)
  const content = sha(memory.content)
  const metadata = memory.metadata === undefined ? Buffer.alloc(32) : sha(spell(memory.metadata))
  const sealed = sha('\u0002', Buffer.from(memory.blind, 'base64url'), content, metadata)
  const record = Object.fromEntries(Object.entries(memory).filter(([name]) => !APART.has(name)))
  const leaf = sha('\u0000omega-memory/1\n', spell(record))
  assert.equal(content.toString('hex'), memory.content_sha256)
  assert.equal(sealed.toString('hex'), memory.sealed_hash)
  assert.equal(leaf.toString('hex'), memory.leaf_hash)
  return leaf
}

function rootOf(leaves) {
  let nodes = leaves
  while (nodes.length > 1) {
    const next = []
    for (let at = 0; at < nodes.length; at += 2)
      next.push(at + 1 < nodes.length ? sha('\u0001', nodes[at], nodes[at + 1]) : nodes[at])
    nodes = next
  }
  return nodes[0]
}

// Lines end at LF alone, and CR stands in none: it is escaped.
const lines = createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Infinity })
const reading = lines[Symbol.asyncIterator]()
const next = async () => (await reading.next()).value
const header = checkEnvelope(await next())
assert.equal(await next(), '"evidence":[],')
assert.equal(await next(), '"format":"omega-federation-manifest/1",')
assert.equal(await next(), '"memories":[')
const leaves = []
for (let line = await next(); line !== ']}'; line = await next())
  leaves.push(checkMemory(line.endsWith(',') ? line.slice(0, -1) : line))
assert.equal(await next(), undefined, 'trailing data')
assert.equal(leaves.length, header.memory_count)
assert.equal(rootOf(leaves).toString('hex'), header.merkle_root)
console.log(leaves.length, 'memories ok')
