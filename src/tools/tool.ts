import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import type { JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Answer, Ask, Client, ToolInfo } from '../exchange/agents.ts'
import type { Instance } from '../exchange/instance.ts'
import type { Comparison } from '../store/schema.ts'
import type { CallOptions } from '../worker/bridge.ts'

/** What a tool works with: `instance` acts as an agent, or as the person who tries the tool. */
export interface CallContext {
  readonly instance: Instance
  readonly client: Client
  /** Hands a file to the browser to save, where there is no folder. */
  readonly download: (file: File) => void
  readonly options: CallOptions
}

/** What the person said beside yes. */
export interface Decided {
  readonly compared: Comparison
}

/** A call that was looked into and is not done yet. */
export interface Prepared {
  /** What a person decides first; null where nothing is to be decided. */
  readonly ask: Ask | null
  /** Does what `ask` says, or throws `changed_since_asked`. */
  run(options: CallOptions, decided: Decided): Promise<Answer>
  /** Lets go of what was opened for it. Called once, whatever came of it. */
  close?(): void
}

/** One tool, defined once; WebMCP and MCP are given `info`, and `prepare` checks the arguments itself, always. */
export interface Tool {
  readonly info: ToolInfo
  /** Throws `arguments_invalid`, and what the tool itself refuses before anybody is asked. */
  prepare(context: CallContext, args: JsonObject): Promise<Prepared>
}

interface Definition<Input> extends Pick<ToolInfo, 'name' | 'title' | 'description'> {
  readonly input: v.GenericSchema<unknown, Input>
  readonly output: v.GenericSchema
  readonly readOnly: boolean
  readonly destructive: boolean
  /** Called twice with the same arguments it changes nothing the second time. */
  readonly idempotent: boolean
  prepare(context: CallContext, input: Input): Promise<Prepared>
}

export function defineTool<Input>(definition: Definition<Input>): Tool {
  const { name, title, description, input, output, readOnly, destructive, idempotent } = definition
  let [inputSchema, outputSchema]: [JsonObject?, JsonObject?] = []
  return {
    info: {
      name,
      title,
      description,
      // Made when they are asked for, which most pages never do.
      get inputSchema() {
        return (inputSchema ??= schemaOf(input))
      },
      get outputSchema() {
        return (outputSchema ??= schemaOf(output))
      },
      annotations: {
        readOnlyHint: readOnly,
        destructiveHint: destructive,
        idempotentHint: idempotent,
        openWorldHint: false,
      },
    },
    async prepare(context, args) {
      const { success, output: parsed, issues } = v.safeParse(input, args, { abortEarly: true })
      if (!success) throw new ExchangeError('arguments_invalid', describe(issues[0]))
      return definition.prepare(context, parsed)
    },
  }
}

/** What a person is asked about, without what was not given. */
export function toFacts(members: Readonly<Record<string, string | undefined>>): Ask['facts'] {
  return Object.entries(members).flatMap(([name, value]) => (value ? [{ name, value }] : []))
}

function schemaOf(schema: v.GenericSchema): JsonObject {
  const { $schema: _, ...rest } = toJsonSchema(schema as v.GenericSchema<JsonObject>, { errorMode: 'ignore' })
  return rest as unknown as JsonObject
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  // The message of the library quotes the value, which may be a text of megabytes.
  const expected = issue.expected ?? issue.requirement
  return `${path ?? 'the arguments'}: expected ${String(expected).slice(0, 120)}`
}
