import * as v from 'valibot'

/** Members that several tools take. What they must be beyond this is checked where the deed is done. */

const text = (most: number, description: string) =>
  v.pipe(v.string(), v.maxLength(most), v.description(description))

export const entity = text(256, 'Entity that the memories are about; letter for letter.')
export const time = (which: string) =>
  text(32, `${which} A time as 2026-02-01T00:00:00.000Z, or a date for its first moment, UTC.`)
export const tags = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(256))),
  v.maxLength(15),
  v.description('Tags, all of which a memory must have.'),
)
export const eventType = text(256, 'Type of the event; letter for letter.')
export const fingerprint = v.pipe(
  v.string(),
  v.regex(/^[0-9a-fA-F\s]{64,200}$/),
  v.description('Fingerprint of the key: all 64 hexadecimal digits.'),
)
export const path = text(
  1024,
  'File in the folder of the bridge, relative to it. Without a bridge there is no folder.',
)
export const manifestText = v.pipe(
  v.string(),
  v.minLength(1),
  v.description('The whole manifest, letter for letter as the file has it. Large ones go by path.'),
)
export const dryRun = v.pipe(v.boolean(), v.description('Only say what would be done.'))
export const idempotencyKey = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(128),
  v.description('Of your choice: the same call repeated with the same key is done once and answered alike.'),
)

/** Of answers. */
export const hash = v.pipe(v.string(), v.description('64 hexadecimal digits.'))
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))
