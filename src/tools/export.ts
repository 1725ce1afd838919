import * as v from 'valibot'
import { ExchangeError } from '../core/errors.ts'
import type { Ask } from '../exchange/agents.ts'
import { exportManifest, listStreams, previewExport } from '../exchange/export.ts'
import { getIdentity, requireIdentity } from '../exchange/identity.ts'
import { memoriesOf } from './fence.ts'
import { count, dryRun, entity, eventType, hash, idempotencyKey, path, tags, time } from './schemas.ts'
import { defineTool, toFacts, type CallContext } from './tool.ts'

const NAME = 'omega_federation_export'

const input = v.strictObject({
  entity_id: v.optional(entity),
  since: v.optional(time('From this moment on.')),
  until: v.optional(time('Before this moment.')),
  tags: v.optional(tags),
  event_type: v.optional(eventType),
  stream: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(256),
      v.description('Name of the stream of manifests; a new name begins one. Absent: the first stream.'),
    ),
  ),
  audience: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
      v.maxLength(100),
      v.description('Fingerprints of the keys that it is meant for.'),
    ),
  ),
  expires_at: v.optional(time('After this moment it is not to be imported any more.')),
  path: v.optional(path),
  dry_run: v.optional(dryRun),
  idempotency_key: v.optional(idempotencyKey),
})

type Input = v.InferOutput<typeof input>

export const exportTool = defineTool({
  name: NAME,
  title: 'Export memories',
  description:
    'Asks the person to sign a manifest of the memories that match and to save it: in the folder of the bridge where there is one, else as a download of the browser. With dry_run it says how many match.',
  input,
  output: v.object({
    dry_run: v.boolean(),
    memories: count,
    file_name: v.nullable(v.string()),
    path: v.nullable(v.pipe(v.string(), v.description('In the folder of the bridge; null for a download.'))),
    manifest: v.nullable(hash),
    fingerprint: v.nullable(hash),
    merkle_root: v.nullable(hash),
  }),
  readOnly: false,
  destructive: false,
  idempotent: false,
  async prepare(context, given) {
    const { instance, options } = context
    const isDry = given.dry_run === true
    await checkPath(context, given.path)
    if (!isDry) await requireIdentity(instance)
    const { entity_id, since, until, tags, event_type } = given
    const selection = { entity_id, since, until, tags, event_type }
    const { count } = await previewExport(instance, selection, options)
    const identity = await getIdentity(instance)
    const ask = {
      title: isDry ? 'Tell how many memories match' : `Sign and save ${memoriesOf(count)}`,
      facts: factsOf(given),
      ...(identity === null ? {} : { key: { fingerprint: identity.fingerprint, label: identity.label } }),
      changes: isDry
        ? 'Nothing. The agent learns how many there are.'
        : 'A manifest with their text is written, signed with your key. Whoever gets the file can read it.',
      // Who lets an agent count has not let it export.
      scope: isDry ? null : { tool: NAME, about: given.entity_id ? `entity:${given.entity_id}` : 'all' },
      needsKey: !isDry,
      asksComparison: false,
    }
    if (isDry) return { ask, run: async () => dryAnswer(count) }
    return {
      ask,
      async run(runOptions) {
        // Not before a person has answered: else whether anything matches could be asked for without one.
        if (count === 0) throw new ExchangeError('empty_selection')
        const terms = {
          audience: given.audience,
          expires_at: given.expires_at,
          stream: await streamOf(context, given.stream),
          expected: count,
        }
        const made = await exportManifest(instance, selection, terms, runOptions)
        const saved = await save(context, given.path, made.file, runOptions.signal)
        return {
          text: `wrote ${saved ?? made.file.name}; ${memoriesOf(made.count)}, signed by key fingerprint ${made.fingerprint}`,
          structured: {
            dry_run: false,
            memories: made.count,
            file_name: made.file.name,
            path: saved,
            manifest: made.id,
            fingerprint: made.fingerprint,
            merkle_root: made.envelope.header.merkle_root,
          },
        }
      },
    }
  },
})

function dryAnswer(memories: number) {
  const none = { file_name: null, path: null, manifest: null, fingerprint: null, merkle_root: null }
  return {
    text: `${memoriesOf(memories)} would be in it; nothing was signed or written`,
    structured: { dry_run: true, memories, ...none },
  }
}

function factsOf(given: Input): Ask['facts'] {
  return toFacts({
    Entity: given.entity_id ?? 'any',
    Since: given.since,
    Until: given.until,
    Tags: given.tags?.join(', '),
    'Event type': given.event_type,
    Stream: given.stream,
    Audience: given.audience?.join(', '),
    Expires: given.expires_at,
    'Saved as': given.path,
  })
}

/** A stream by its name; of several of one name the first. */
async function streamOf({ instance }: CallContext, name: string | undefined) {
  if (name === undefined) return undefined
  const known = (await listStreams(instance)).find((stream) => stream.name === name.trim())
  return known === undefined ? { name } : { id: known.stream }
}

/** Before anybody is asked, and anything signed: there is a folder, the path stays in it, and nothing lies there. */
async function checkPath({ client, options }: CallContext, path: string | undefined): Promise<void> {
  if (path === undefined) return
  if (client.files === null) throw new ExchangeError('path_needs_bridge')
  if (await client.files.has(path, options.signal)) throw new ExchangeError('path_exists')
}

/** Path in the folder of the bridge, or null where the browser saves it. */
async function save(
  { client, download }: CallContext,
  path: string | undefined,
  file: File,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (client.files !== null) {
    try {
      return await client.files.save(path ?? file.name, file, signal)
    } catch (error) {
      // It is signed and registered: it must not be lost. Where nothing was said of a path, no folder is no fault.
      download(file)
      if (path !== undefined || !(error instanceof ExchangeError) || error.code !== 'path_no_folder')
        throw error
      return null
    }
  }
  download(file)
  return null
}
