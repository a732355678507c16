/** What a form asks for. Values are read from the form by their names (form-values.ts). */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react'
import styles from './field.module.css'

interface Labelled {
  readonly label: string
  readonly hint?: ReactNode
}

export function TextField({ label, hint, ...input }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field label={label} hint={hint}>
      {(describedBy) => (
        <input spellCheck={false} autoComplete="off" aria-describedby={describedBy} {...input} />
      )}
    </Field>
  )
}

export function AreaField({ label, hint, ...area }: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field label={label} hint={hint}>
      {(describedBy) => <textarea spellCheck={false} rows={4} aria-describedby={describedBy} {...area} />}
    </Field>
  )
}

interface ChoiceProps extends Labelled, SelectHTMLAttributes<HTMLSelectElement> {
  /** Values and what they are called. */
  readonly options: readonly (readonly [value: string, title: string])[]
}

export function ChoiceField({ label, hint, options, ...select }: ChoiceProps) {
  return (
    <Field label={label} hint={hint}>
      {(describedBy) => (
        <select aria-describedby={describedBy} {...select}>
          {options.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

interface ChecksProps extends Labelled {
  readonly name: string
  readonly options: readonly { readonly value: string; readonly meaning?: string }[]
  readonly chosen?: readonly string[]
}

/** Any number of values under one name. */
export function ChecksField({ label, hint, name, options, chosen = [] }: ChecksProps) {
  return (
    <fieldset className={styles.checks}>
      <legend>{label}</legend>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {options.map(({ value, meaning }) => (
        <label key={value}>
          <input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} />
          <span>
            {value}
            {meaning !== undefined && <small>{meaning}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function Field({
  label,
  hint,
  children,
}: Labelled & { readonly children: (describedBy: string | undefined) => ReactNode }) {
  const id = useId()
  return (
    <div className={styles.field}>
      <label>
        <span>{label}</span>
        {children(hint === undefined ? undefined : id)}
      </label>
      {hint !== undefined && (
        <p id={id} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  )
}
