import type { ComponentProps } from 'react'
import styles from './button.module.css'

export interface ButtonProps extends ComponentProps<'button'> {
  /** `main`: what most people are here for. `quiet`: no border until it is pointed at. Default: `plain`. */
  readonly kind?: 'main' | 'plain' | 'quiet'
}

export function Button({ kind = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={`${styles.button} ${styles[kind]} ${className}`} {...rest} />
}
