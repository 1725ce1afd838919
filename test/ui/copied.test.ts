import { expect, test } from 'vitest'
import { isActive, toCopied } from '../../src/ui/copied.ts'

test('cells and lines that would run are guarded, in text and in HTML', () => {
  expect(toCopied('a\t=1+1\n=HYPERLINK("x")\tb')).toEqual({
    text: `a\t'=1+1\n'=HYPERLINK("x")\tb`,
    html: `<table><tr><td>a</td><td>'=1+1</td></tr><tr><td>'=HYPERLINK("x")</td><td>b</td></tr></table>`,
  })
})

test('no markup of a stranger is markup', () => {
  const { html } = toCopied(
    '<a href="https://elsewhere.invalid">x</a> & <img src=x>\nhttps://elsewhere.invalid',
  )
  expect(html).toBe(
    `&lt;a href="https://elsewhere.invalid"&gt;x&lt;/a&gt; &amp; &lt;img src=x&gt;<br>'https://elsewhere.invalid`,
  )
})

test('what is plain stays as it is', () => {
  const text = 'Signature OK\n3a7bd3e2360a3d29eea436fcfb7e44c7'
  expect(toCopied(text).text).toBe(text)
  expect([isActive(text), isActive('=1'), isActive('x\n=1')]).toEqual([false, true, true])
})
