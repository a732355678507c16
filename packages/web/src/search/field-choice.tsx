/** A field of the ledger, chosen from a list or by typing its name. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { Field } from '../api/answers.ts'
import { useSession } from '../session/session.tsx'
import styles from './field-choice.module.css'

interface FieldChoiceProps {
  readonly ledger: string
  readonly title: string
  /** Names that are chosen already. */
  readonly without: readonly string[]
  readonly onChoose: (name: string) => void
}

const STALE_MS = 60_000

export function FieldChoice({ ledger, title, without, onChoose }: FieldChoiceProps) {
  const { client } = useSession()
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [isWanted, setWanted] = useState(false)
  const [isUnknown, setUnknown] = useState(false)
  const listId = useId()
  const asked = {
    queryKey: ['fields', ledger],
    queryFn: () => client.get<{ fields: readonly Field[] }>('v1/fields', { parameters: { ledger } }),
    staleTime: STALE_MS,
  }
  const fields = useQuery({ ...asked, enabled: isWanted })
  const names = (fields.data?.fields ?? []).map(({ name }) => name).filter((name) => !without.includes(name))
  const choose = async (name: string): Promise<void> => {
    const known = await queries.ensureQueryData(asked)
    const field = known.fields.find((each) => each.name === name || each.aliases.includes(name))
    setUnknown(field === undefined)
    if (field === undefined) return
    setText('')
    if (!without.includes(field.name)) onChoose(field.name)
  }
  return (
    <div className={styles.choice}>
      <input
        list={listId}
        value={text}
        placeholder={title}
        aria-label={title}
        aria-invalid={isUnknown}
        spellCheck={false}
        onFocus={() => setWanted(true)}
        onChange={(event) => {
          const name = event.target.value
          setText(name)
          setUnknown(false)
          // Taken from the list; what is typed may be the beginning of a longer name.
          if ((event.nativeEvent as InputEvent).inputType === 'insertReplacementText') void choose(name) // without an answer nothing is chosen
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void choose(text.trim()) // without an answer nothing is chosen
        }}
      />
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isUnknown && <p role="alert">The ledger has no such field</p>}
    </div>
  )
}
