import type { JSONRPCErrorResponse, RequestId } from '@modelcontextprotocol/server'

/** What the bridge itself answers a client with, in place of the tab; `data.code` of the error is stable. */
export type RefusalCode =
  | 'no_tab'
  | 'tab_silent'
  | 'tab_busy'
  | 'tab_ended'
  | 'message_too_large'
  | 'too_many_requests'
  | 'too_many_sessions'
  | 'session_lost'

/** From the range that JSON-RPC leaves to servers. */
const SERVER_ERROR = -32_000
export const METHOD_NOT_FOUND = -32_601

export function refusal(code: RefusalCode, message: string) {
  return { code: SERVER_ERROR, message, data: { code } }
}

/** The id is left away where it cannot be told. */
export function errorAnswer(
  id: RequestId | undefined,
  error: { code: number; message: string; data?: unknown },
): JSONRPCErrorResponse {
  return { jsonrpc: '2.0', ...(id === undefined ? {} : { id }), error }
}
