/** Which columns the list has, and in which order. */
import { Popover } from '@base-ui/react/popover'
import { Button } from '../parts/button.tsx'
import popup from '../parts/popup.module.css'
import styles from './column-choice.module.css'
import { columnOf, columnsOf, USUAL_COLUMNS } from './columns.tsx'
import { FieldChoice } from './field-choice.tsx'

interface ColumnChoiceProps {
  readonly names: readonly string[]
  readonly ledger: string
  readonly onChange: (names: readonly string[]) => void
}

const COLUMNS_MAX = 16

export function ColumnChoice({ names, ledger, onChange }: ColumnChoiceProps) {
  const chosen = columnsOf(names).map(({ name }) => name)
  const others = USUAL_COLUMNS.filter((name) => !chosen.includes(name))
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button kind="quiet" />}>Columns</Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={popup.positioner}>
          <Popover.Popup className={`${popup.popup} ${styles.popup}`} aria-label="Columns">
            <ul>
              {chosen.map((name, i) => (
                <li key={name} className={styles.column}>
                  <span>{columnOf(name).title}</span>
                  <button
                    type="button"
                    disabled={i === 0}
                    aria-label={`Move ${name} forward`}
                    onClick={() => onChange(chosen.with(i - 1, name).with(i, chosen[i - 1]!))}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    disabled={chosen.length === 1}
                    aria-label={`Remove the column ${name}`}
                    onClick={() => onChange(chosen.toSpliced(i, 1))}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ul>
            {chosen.length < COLUMNS_MAX && (
              <>
                {others.map((name) => (
                  <Button key={name} kind="quiet" onClick={() => onChange([...chosen, name])}>
                    + {columnOf(name).title}
                  </Button>
                ))}
                <FieldChoice
                  ledger={ledger}
                  title="Another field …"
                  without={chosen}
                  onChoose={(name) => onChange([...chosen, name])}
                />
              </>
            )}
            <Button onClick={() => onChange([])}>The usual ones</Button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
