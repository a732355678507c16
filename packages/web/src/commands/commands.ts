/**
 * What can be done by a key or from the palette. Each part of a page says what it can do while it is shown; keys are those of
 * one letter, so that no browser and no screen reader misses its own.
 */
import { useEffect, useRef } from 'react'

export interface Command {
  readonly title: string
  /** As `KeyboardEvent.key` says it; undefined: by name alone. */
  readonly key?: string
  readonly run: () => void
}

const shown = new Set<() => readonly Command[]>()

/** Offers these while the caller is shown. */
export function useCommands(commands: readonly Command[]): void {
  const newest = useRef(commands)
  useEffect(() => {
    newest.current = commands
  }, [commands])
  useEffect(() => {
    const offered = (): readonly Command[] => newest.current
    shown.add(offered)
    return () => void shown.delete(offered)
  }, [])
}

/** All that are offered now; what came later stands behind. */
export function offeredCommands(): readonly Command[] {
  return [...shown].flatMap((offered) => offered())
}

/** Runs the command of a key, unless somebody is typing, or something else has the keys. */
export function runByKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isElsewhere(event)) return
  const command = offeredCommands().findLast(({ key }) => key === event.key)
  if (command === undefined) return
  event.preventDefault()
  command.run()
}

/** Whether a dialog is to be answered first: what is behind it is out of reach (parts/dialog.tsx, parts/form-dialog.tsx). */
export function isInDialog(): boolean {
  return document.querySelector('[data-modal]') !== null
}

const TYPING = 'input, textarea, select, [contenteditable]'
const FLOATING = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]'

function isElsewhere({ target }: KeyboardEvent): boolean {
  if (target instanceof Element && target.closest(TYPING) !== null) return true
  return document.querySelector(FLOATING) !== null
}
