import type { JsonObject } from '../core/canonical.ts'
import type { Client, Outcome, ToolInfo } from '../exchange/agents.ts'

/** As Chromium 153 to 156 has it behind a flag; the draft still moves. */
interface ModelContext {
  registerTool(
    tool: {
      readonly name: string
      readonly title: string
      readonly description: string
      readonly inputSchema: JsonObject
      readonly annotations: ToolInfo['annotations']
      execute(args: unknown): Promise<JsonObject>
    },
    options: { readonly signal: AbortSignal },
  ): unknown
}

/** One session, as long as the page is there: the browser does not say whose call it is. */
const client: Client = {
  session: crypto.randomUUID(),
  kind: 'browser',
  name: 'The agent of this browser',
  files: null,
}

export function findModelContext(): ModelContext | null {
  for (const owner of [document, navigator]) {
    const found = (owner as { readonly modelContext?: Partial<ModelContext> }).modelContext
    if (typeof found?.registerTool === 'function') return found as ModelContext
  }
  return null
}

/** Offers tools to the agent of the browser until `signal` ends it. Rejects where the browser takes one not. */
export async function offerTools(
  model: ModelContext,
  tools: readonly ToolInfo[],
  call: (client: Client, name: string, args: unknown) => Promise<Outcome>,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, title, description, inputSchema, annotations } of tools) {
    const execute = async (args: unknown) => toResult(await call(client, name, args))
    await model.registerTool({ name, title, description, inputSchema, annotations, execute }, { signal })
  }
}

/** As MCP has it: the words, and the same as data. */
export function toResult({ text, structured, isError }: Outcome) {
  return { content: [{ type: 'text' as const, text }], structuredContent: structured, isError }
}
