import type { QueryError } from '@trailproof/core/query'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { useCompletions } from './completions.ts'
import styles from './query-bar.module.css'
import { type QueryLanguage, useQueryLanguage } from './query-language.ts'

interface QueryBarProps {
  /** The query that is shown now. */
  readonly query: string
  readonly ledger: string
  readonly onRun: (query: string) => void
}

interface Fault {
  readonly message: string
  readonly position: number
  readonly length: number
  readonly suggestion: string | undefined
}

/** Told while it is written: the server's own parser runs here. */
function faultIn(language: QueryLanguage | undefined, text: string): Fault | undefined {
  try {
    language?.parseQuery(text)
    return undefined
  } catch (error) {
    return error as QueryError // it throws nothing else
  }
}

export function QueryBar({ query, ledger, onRun }: QueryBarProps) {
  const [text, setText] = useState(query)
  const [caret, setCaret] = useState(query.length)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const listId = useId()
  const faultId = useId()
  useEffect(() => setText(query), [query])

  const language = useQueryLanguage()
  const fault = faultIn(language, text)
  const { completions, start } = useCompletions({ text, caret, ledger, isWanted: isOpen })
  const shown = isOpen ? completions : []

  const run = (said = text): void => {
    setOpen(false)
    if (faultIn(language, said) === undefined) onRun(said.trim())
  }
  const complete = (value: string): void => {
    const next = text.slice(0, start) + value + text.slice(caret)
    const at = start + value.length
    setText(next)
    setCaret(at)
    setChosen(-1)
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault()
      const value = shown[chosen]
      if (value === undefined) run()
      else complete(value.text)
    } else if (event.key === 'Escape') {
      if (shown.length > 0) event.preventDefault() // what is below stays open
      setOpen(false)
    } else if (event.key === 'Tab' && shown.length > 0 && !event.shiftKey) {
      event.preventDefault()
      complete(shown[Math.max(0, chosen)]!.text)
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && shown.length > 0) {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      setChosen((chosen + step + shown.length) % shown.length)
    }
  }

  return (
    <search className={styles.bar}>
      <div className={styles.field}>
        <input
          ref={input}
          id="query"
          className={styles.input}
          role="combobox"
          aria-label="Query"
          aria-expanded={shown.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `${listId}-${chosen}` : undefined}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : faultId}
          placeholder="All records. For example: action:payment.* outcome:failure"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setCaret(event.target.selectionStart ?? event.target.value.length)
            setOpen(true)
            setChosen(-1)
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        {shown.length > 0 && (
          <ul id={listId} role="listbox" aria-label="Completions" className={styles.list}>
            {shown.map(({ text: value, note }, i) => (
              <li
                key={value}
                id={`${listId}-${i}`}
                role="option"
                aria-selected={i === chosen}
                onMouseDown={(event) => {
                  event.preventDefault() // the input keeps the focus
                  complete(value)
                }}
              >
                <code>{value}</code>
                <span>{note}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Button kind="main" onClick={() => run()} disabled={fault !== undefined}>
        Search
      </Button>
      {fault !== undefined && !isOpen && (
        <p id={faultId} className={styles.fault} role="alert">
          <code aria-hidden="true">
            {text.slice(0, fault.position)}
            <mark>{text.slice(fault.position, fault.position + fault.length) || '␣'}</mark>
            {text.slice(fault.position + fault.length)}
          </code>
          {fault.message}
        </p>
      )}
    </search>
  )
}
