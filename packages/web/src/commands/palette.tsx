/** Everything that can be done here, found by typing some of its name; what is none of it is searched for. */
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import styles from './commands.module.css'
import { type Command, offeredCommands } from './commands.ts'

export default function Palette({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const listId = useId()
  const input = useRef<HTMLInputElement>(null)
  const words = text.toLowerCase().split(' ')
  const found = offeredCommands().filter(({ title }) =>
    words.every((word) => title.toLowerCase().includes(word)),
  )
  const search: Command = {
    title: `Search for ${text.trim()}`,
    run: () => void navigate({ to: '/', search: { q: text.trim(), last: '' } }),
  }
  const commands = text.trim() === '' ? found : [...found, search]
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    // What it moves the focus to must not lose it to what closes.
    setTimeout(command.run)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') run(commands[chosen])
    else if (event.key === 'ArrowDown') setChosen((chosen + 1) % commands.length)
    else if (event.key === 'ArrowUp') setChosen((chosen - 1 + commands.length) % commands.length)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="What to do" isOpen onClose={onClose} focus={input}>
      <input
        ref={input}
        className={styles.input}
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={commands.length > 0 ? `${listId}-${chosen}` : undefined}
        placeholder="A command, or what to search for"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={listId} role="listbox" aria-label="Commands" className={styles.list}>
        {commands.map((command, i) => (
          <li
            key={command.title}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => run(command)}
          >
            <span>{command.title}</span>
            {command.key !== undefined && <kbd>{command.key}</kbd>}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
