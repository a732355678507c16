/** Evidence as it is answered: entries with their exact bytes, and proofs. */
import { Type } from 'typebox'
import { answer, bodyOf, checkpoint, count, hashes, ledgerName } from './answer.ts'

const group = Type.Union([
  answer('As stored.', {
    text: Type.String({ description: 'The exact text.' }),
    salt: Type.String({ description: '16 bytes, base64.' }),
  }),
  answer('Its content was destroyed.', { erased: Type.Literal(true) }),
  answer('Not shown here.', { withheld: Type.Literal(true) }),
])

export const entryAnswer = answer('What the leaf at this index commits to.', {
  index: count('Its place in the ledger.'),
  leaf: Type.String({ description: '89 bytes, base64.' }),
  core: group,
  personal: group,
})

export const entriesAnswer = answer('Oldest first; fewer than asked for at the head of the ledger.', {
  ledger: ledgerName,
  size: count('Entries of the ledger.'),
  entries: Type.Array(entryAnswer),
})

export const consistencyAnswer = answer('RFC 6962: the one tree is the beginning of the other.', {
  first: count('Entries of the earlier tree.'),
  second: count('Entries of the later tree.'),
  proof: hashes,
  checkpoint,
})

export const noteAnswer = bodyOf('A C2SP signed note.', 'text/plain')
export const proofAnswer = bodyOf('A C2SP tlog-proof.', 'text/plain')
export const tileAnswer = bodyOf('Hashes one after another, or an entry bundle.', 'application/octet-stream')
