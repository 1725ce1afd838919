"""The checks of a manifest as one would first write them: json, hashlib and, for the signature, cryptography."""

import base64
import hashlib
import json
import sys

try:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError:
    load_pem_public_key = None

APART = {'blind', 'content', 'content_sha256', 'leaf_hash', 'metadata', 'provenance'}


def sha(data):
    return hashlib.sha256(data)


def spell(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(',', ':')).encode()


def canonical(text):
    value = json.loads(text)
    assert spell(value) == text, 'not canonical'
    return value


def check_envelope(line):
    envelope = canonical(line.removeprefix(b'{"envelope":').removesuffix(b',\n'))
    header, kind = envelope['header'], envelope['type'].encode()
    body = spell(header)
    assert sha(b'\x03' + spell(envelope['details'])).hexdigest() == header['details_hash'], 'details'
    for signature in envelope['signatures']:
        if load_pem_public_key is None:
            continue
        key = load_pem_public_key(signature['public_key_pem'].encode())
        key.verify(base64.b64decode(signature['signature']), b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(body), body))
    return header


def check_memory(text):
    memory = canonical(text)
    content = sha(memory['content'].encode())
    metadata = sha(spell(memory['metadata'])).digest() if 'metadata' in memory else bytes(32)
    sealed = sha(b'\x02' + base64.urlsafe_b64decode(memory['blind'] + '==') + content.digest() + metadata)
    record = {name: memory[name] for name in memory if name not in APART}
    leaf = sha(b'\x00omega-memory/1\n' + spell(record))
    assert content.hexdigest() == memory['content_sha256'], 'content'
    assert sealed.hexdigest() == memory['sealed_hash'], 'sealed'
    assert leaf.hexdigest() == memory['leaf_hash'], 'leaf'
    return leaf.digest()


def root_of(nodes):
    while len(nodes) > 1:
        pairs = [sha(b'\x01' + nodes[i] + nodes[i + 1]).digest() for i in range(0, len(nodes) - 1, 2)]
        nodes = pairs + nodes[2 * len(pairs) :]
    return nodes[0]


with open(sys.argv[1], 'rb') as file:
    header = check_envelope(next(file))
    assert next(file) == b'"evidence":[],\n', 'evidence'
    assert next(file) == b'"format":"omega-federation-manifest/1",\n', 'format'
    assert next(file) == b'"memories":[\n', 'memories'
    leaves = []
    for line in file:
        if line == b']}\n':
            break
        leaves.append(check_memory(line.removesuffix(b'\n').removesuffix(b',')))
    assert file.read() == b'', 'trailing data'

assert len(leaves) == header['memory_count'], 'count'
assert root_of(leaves).hex() == header['merkle_root'], 'root'
print(len(leaves), 'memories', 'ok' if load_pem_public_key else 'ok, signature not checked')
