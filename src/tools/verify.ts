import * as v from 'valibot'
import type { JsonObject } from '../core/canonical.ts'
import { explain } from '../core/explain.ts'
import type { Report } from '../core/report.ts'
import { openManifest } from '../exchange/manifest.ts'
import type { Answer } from '../exchange/agents.ts'
import { quote } from './fence.ts'
import { manifestArgument, manifestFile } from './manifest-argument.ts'
import { defineTool } from './tool.ts'

export const verify = defineTool({
  name: 'omega_federation_verify',
  title: 'Verify a manifest',
  description:
    'Verifies a manifest offline: signature, leaf hashes, Merkle root and evidence, each apart, and beside them whether its issuer is trusted here and whether it is new in its stream. Nothing is kept, nobody is asked.',
  input: v.strictObject(manifestArgument),
  output: v.looseObject({
    format: v.literal('omega-verification-report/1'),
    result: v.pipe(v.string(), v.description('“ok”, or the code of what does not hold.')),
    layers: v.looseObject({}),
    leaves: v.number(),
  }),
  readOnly: true,
  destructive: false,
  idempotent: true,
  async prepare(context, input) {
    const { instance, options } = context
    const file = await manifestFile(context, input)
    return {
      ask: null,
      async run() {
        const opened = await openManifest(instance, file, options)
        opened.close()
        return reportAnswer(opened.report)
      },
    }
  },
})

/** The report in words; as data it is the report itself (`report.schema.json`). */
function reportAnswer(report: Report): Answer {
  return {
    text: [layerWords(report), ...signedWords(report)].join('\n'),
    structured: report as unknown as JsonObject,
  }
}

function layerWords({ result, layers, leaves }: Report): string {
  if (result === 'ok') return `leaf hashes consistent, root matches, signature OK, ${leaves} leaves`
  const words = Object.entries(layers).map(([name, layer]) => {
    if (layer.status !== 'failed') return `${name} ${layer.status === 'ok' ? 'OK' : 'not checked'}`
    const at = layer.index === null ? '' : `, memory ${layer.index}`
    return `${name} FAILED (${layer.code}, clause ${layer.clause}, line ${layer.line}${at})`
  })
  const { title, what, remedy } = explain(result)
  return `does not hold: ${words.join('; ')}\n${title}. ${what} ${remedy}`
}

function signedWords({ manifest, trust, freshness, expired, clock_suspect, audience }: Report): string[] {
  if (manifest === null) return ['who signed it is not known']
  const { issuer, created_at, stream, sequence } = manifest.header
  const words = [
    `issuer: key fingerprint ${issuer.fingerprint}, calls itself ${quote(issuer.label)}`,
    `says it was made ${created_at}, number ${sequence} of stream ${stream}`,
    `manifest ${manifest.id}`,
  ]
  if (trust !== null) words.push(`trust (${trust.mode}): ${TRUST[trust.issuer]}`)
  if (freshness !== null) words.push(`freshness: ${freshness}`)
  if (expired === true) words.push('it has expired by its own date')
  if (clock_suspect === true) words.push('its date lies in the future: one of the clocks is wrong')
  if (audience === 'not_included') words.push('it names an audience to which this instance does not belong')
  return words
}

const TRUST = {
  trusted: 'the issuer is on the allowlist',
  unknown: 'the issuer is NOT on the allowlist; imports are refused',
  revoked: 'the issuer was REVOKED here; imports are refused',
  own: 'this instance made it itself',
}
