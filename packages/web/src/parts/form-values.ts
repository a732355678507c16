/** Values of a form's fields. */

/** Without spaces around it; '' when it is not there. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** Undefined instead of ''. */
export function saidIn(form: FormData, name: string): string | undefined {
  const text = textIn(form, name)
  return text === '' ? undefined : text
}

/** All that were chosen under one name. */
export function chosenIn(form: FormData, name: string): readonly string[] {
  return form.getAll(name).filter((value) => typeof value === 'string')
}

/** Of texts that are joined by commas. */
export function listIn(form: FormData, name: string): readonly string[] {
  return textIn(form, name)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
}
