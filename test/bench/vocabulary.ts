import { Random } from '../assurance/random.ts'

/** What the memories of the benchmark speak of: words of an incident desk, with the marks that real notes have. */

/** Stands in one memory of a manifest and, as a word, in none of the others. */
export const RARE_WORD = 'zyxomma'
/** Stands in many. */
export const FREQUENT_WORD = 'turbine'

const WORDS = (
  'the a an of to in on for with from after before during without under over and but while because until ' +
  'gateway server mailbox certificate backup ledger invoice shipment customer supplier auditor analyst partner ' +
  'counsel operator night shift handover report ticket dashboard alert threshold pattern account session token ' +
  'password rotation firewall proxy cluster replica snapshot archive migration schema index queue worker timeout ' +
  'latency outage rollback release branch contract clause deadline meeting call letter warehouse truck harbour ' +
  'customs permit drawing sample batch reading sensor valve pump turbine panel battery inspection finding ' +
  'was were is has had confirmed refused moved opened closed signed found lost restored replaced measured ' +
  'asked answered agreed decided noted explained escalated repeated cancelled postponed approved compared ' +
  'again twice early late quietly partly fully never always yesterday today Monday Tuesday Friday March April ' +
  'first second third last new old small large open shared private weekly monthly urgent known unknown careful'
).split(' ')

const OPENINGS = (
  'The We They Nobody Everybody Our Their This That Since When After Before Legal Support Finance Operations ' +
  'Ana Bo Cy Dee Eve'
).split(' ')

/** Other scripts, combining marks, pairs of surrogates. */
const ELSEWHERE = [
  'Zoë Grüber bestätigte die Größe',
  'café à la gare, très tôt',
  'Łódź, ulica Żelazna 7',
  'записка от Ольги',
  'η αναφορά έκλεισε',
  '記憶は残る',
  '会议纪要已签',
  'שלום מהמשמרת',
  'تم الإغلاق',
  '👍🏽 from the night shift 🚚',
  'Zoe\u0308 again',
  '€ 1 250,00 ± 5 %',
]

/** What JSON has to escape. */
const ESCAPED = [
  'she said "not before noon"',
  'path C:\\share\\q1\\drawings',
  '\n- first point\n- second point\n',
  '\r\nForwarded:\r\n',
  'column\tcolumn\tcolumn',
  'a bell \u0007 in the log',
]

export const ENTITIES = [
  'incident-response',
  'supplier-audit',
  'Büro Zürich',
  'harbour',
  'project/atlas',
  ...Array.from({ length: 195 }, (_, at) => `case-${String(at + 1).padStart(4, '0')}`),
]

export const TAGS = [
  'urgent',
  'legal hold',
  'prüfen',
  '要確認',
  ...Array.from({ length: 496 }, (_, at) => `topic-${at + 1}`),
]

export const TYPES = ['decision', 'lesson', 'memory', 'observation', 'task', 'correspondence']

/** Sentences of some `length` UTF-16 code units, at least so many. */
export function textOf(random: Random, length: number): string {
  let text = ''
  while (text.length < length) {
    text += random.pick(OPENINGS)
    for (let words = random.between(6, 15); words > 0; words--) text += ' ' + random.pick(WORDS)
    if (random.oneIn(24)) text += ', ' + random.pick(ELSEWHERE)
    if (random.oneIn(20)) text += ' ' + random.pick(ESCAPED)
    text += '. '
  }
  return text
}
