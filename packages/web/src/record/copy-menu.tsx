import { Menu } from '@base-ui/react/menu'
import { useState } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { copyText } from '../parts/copy-text.ts'
import popup from '../parts/popup.module.css'
import { curlFor, linkTo, summaryOf } from './copies.ts'
import styles from './copy-menu.module.css'

const COPIES: readonly (readonly [title: string, copy: (record: ShownRecord, page: string) => string])[] = [
  ['Link', linkTo],
  ['Summary', summaryOf],
  ['JSON', (record) => JSON.stringify(record, undefined, 2)],
  ['curl', curlFor],
]

export function CopyMenu({ record }: { readonly record: ShownRecord }) {
  const [said, setSaid] = useState('')
  const copy = (title: string, text: string): void =>
    void copyText(text).then(
      () => setSaid(`${title} copied`),
      () => setSaid('The browser did not let it be copied'),
    )
  return (
    <>
      <Menu.Root onOpenChange={(isOpen) => isOpen && setSaid('')}>
        <Menu.Trigger render={<Button kind="quiet" />}>Copy as …</Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={4} align="end" className={popup.positioner}>
            <Menu.Popup className={`${popup.popup} ${styles.menu}`}>
              {COPIES.map(([title, textOf]) => (
                <Menu.Item
                  key={title}
                  className={styles.item}
                  onClick={() => copy(title, textOf(record, location.href))}
                >
                  {title}
                </Menu.Item>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <span role="status" className={styles.said}>
        {said}
      </span>
    </>
  )
}
