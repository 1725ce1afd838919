import { expect, test } from 'vitest'
import { changesSince } from '../../src/ui/changes.ts'

const OURS = '# Changelog\n\n## Unreleased\n\n### The app\n\n- One.\n- Two – with a dash.\n'

test('what a newer changelog has and this one has not, in its order', () => {
  const theirs = OURS.replace('- One.\n', '- Zero.\n- One, reworded.\n')
  expect(changesSince(theirs, OURS)).toEqual(['Zero.', 'One, reworded.'])
})

test('the same, an older one, or none at all: nothing', () => {
  for (const theirs of [OURS, OURS.replace('- Two – with a dash.\n', ''), '', 'no points'])
    expect(changesSince(theirs, OURS)).toEqual([])
})
