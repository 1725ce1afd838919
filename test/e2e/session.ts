/** What the session of the product is about, and the words it ends with, in whatever engine it runs. */
export const SESSION = {
  a: { name: 'Harbour Authority CERT', sample: 'Load the sample memories', added: '412 added' },
  b: { name: 'Strait Command CERT', sample: 'Load the partner’s sample', added: '61 added' },
  peer: 'instance-A',
  entity: 'incident-response',
  since: '2026-02-01',
  count: 152,
  exported: '152 memories, signed by key fingerprint',
  verdict: 'leaf hashes consistent, root matches, signature OK, 152 leaves',
  imported: '148 imported, 4 already_local (idempotent dedup)',
  again: '0 imported, 152 already_local (idempotent dedup)',
} as const
