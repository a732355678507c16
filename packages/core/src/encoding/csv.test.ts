import { expect, test } from 'vitest'
import { formatCsvRow } from './csv.ts'

test.each([
  [['a', 1, true, null, undefined, ''], 'a,1,true,,,\r\n'],
  [['a,b', 'say "hi"', 'two\nlines', ' space '], '"a,b","say ""hi""","two\nlines"," space "\r\n'],
  [[['a', 'b'], { a: 1 }], '"a; b","{""a"":1}"\r\n'],
  [[-3, [-1.5], [-1, -2], '-3'], `-3,-1.5,"'-1; -2",'-3\r\n`],
  [['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '＝1'], "'=1+1,'+1,'-1,'@SUM(A1),' =1,'＝1\r\n"],
  [['\t=1', 'a;=1'], `"'\t=1","a;=1"\r\n`],
])('%j is one row', (cells, row) => {
  expect(formatCsvRow(cells)).toBe(row)
})
