import { Dialog } from '../parts/dialog.tsx'
import styles from './commands.module.css'
import { offeredCommands } from './commands.ts'

/** Keys that belong to what has the focus, and those that work everywhere. */
const ALWAYS = [
  ['Ctrl K, ⌘ K', 'Everything that can be done here'],
  ['Esc', 'Close what was opened last'],
  ['↑ ↓, Page ↑ ↓, Home, End', 'In the list: from record to record'],
  ['← →', 'In an opened record: from part to part'],
  ['Tab, Enter', 'In the query: take what is proposed; run it'],
] as const

export default function KeyMap({ onClose }: { readonly onClose: () => void }) {
  const keys = offeredCommands().flatMap(({ key, title }) =>
    key === undefined ? [] : [[key, title] as const],
  )
  return (
    <Dialog title="Keys" isOpen onClose={onClose}>
      <dl className={styles.keys}>
        {[...keys, ...ALWAYS].map(([key, title]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
