/** The element: asks, shows what comes, and says what does not. */
import { element } from './elements.ts'
import { fetchPage, type Page } from './fetch-page.ts'
import { recordItem } from './record-item.ts'
import { viewerStyles } from './styles.ts'
import { ENGLISH, type ViewerTexts } from './texts.ts'

const PAGE_SIZE = 25
const PAGE_SIZE_MAX = 200
/** As long as a query may be. */
const QUERY_CHARS_MAX = 4096

/**
 * Attributes: `server`, `token` and `page-size`. Dispatches `expired` when the token has ended: give it a new one, and it goes
 * on where it was.
 */
export class TrailproofViewer extends HTMLElement {
  static readonly observedAttributes = ['server', 'token', 'page-size']

  readonly #search = element('input', { type: 'search', maxlength: String(QUERY_CHARS_MAX), id: 'search' })
  readonly #label = element('label', { for: 'search', class: 'unseen' })
  readonly #submit = element('button', { type: 'submit' })
  readonly #problem = element('p', { class: 'problem', id: 'problem', role: 'alert' })
  readonly #list = element('ol', { part: 'list' })
  readonly #state = element('div', { class: 'state', part: 'state' })
  readonly #more = element('button', { type: 'button', class: 'more', part: 'more' })
  /** Says what a list that grows does not say by itself. */
  readonly #status = element('p', { class: 'unseen', role: 'status' })

  #texts: ViewerTexts = ENGLISH
  #q = ''
  #next: string | undefined
  #request: AbortController | undefined
  /** What to do once a new token is given: the first page again, or the next one. */
  #waiting: 'first' | 'next' | undefined
  #isStarting = false

  constructor() {
    super()
    const form = element('form', { role: 'search', part: 'search' }, this.#label, this.#search, this.#submit)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#q = this.#search.value.trim()
      this.#start()
    })
    this.#more.addEventListener('click', () => void this.#load('next'))
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [viewerStyles()]
    root.append(form, this.#problem, this.#list, this.#state, this.#more, this.#status)
    this.#say()
  }

  get token(): string {
    return this.getAttribute('token') ?? ''
  }

  /** A token that is not to stand in the page's markup is set here; it becomes the attribute all the same. */
  set token(token: string) {
    this.setAttribute('token', token)
  }

  get server(): string {
    return this.getAttribute('server') ?? ''
  }

  set server(server: string) {
    this.setAttribute('server', server)
  }

  /** Texts in another language; what is left out stays English. */
  set texts(texts: Partial<ViewerTexts>) {
    this.#texts = { ...ENGLISH, ...texts }
    this.#say()
    this.#start()
  }

  connectedCallback(): void {
    this.#takeOver('server')
    this.#takeOver('token')
    this.#takeOver('texts')
    this.#start()
  }

  disconnectedCallback(): void {
    this.#request?.abort()
  }

  attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    if (old === value || !this.isConnected) return
    // The new token of the same viewer: nothing of what is shown is another.
    if (name === 'token' && this.#waiting !== undefined && value !== '') void this.#load(this.#waiting)
    else this.#start()
  }

  /** A property that was set before the element was defined stands before ours. */
  #takeOver(name: 'server' | 'token' | 'texts'): void {
    const given = Object.getOwnPropertyDescriptor(this, name)?.value as string & Partial<ViewerTexts>
    if (given === undefined) return
    delete (this as Partial<Record<typeof name, unknown>>)[name]
    this[name] = given
  }

  #say(): void {
    const { search, searchButton, records, more } = this.#texts
    this.#label.textContent = search
    this.#search.placeholder = search
    this.#submit.textContent = searchButton
    this.#list.setAttribute('aria-label', records)
    this.#more.textContent = more
  }

  /** From the beginning; once, where several attributes are set one after another. */
  #start(): void {
    if (this.#isStarting) return
    this.#isStarting = true
    queueMicrotask(() => {
      this.#isStarting = false
      if (this.isConnected) void this.#load('first')
    })
  }

  async #load(which: 'first' | 'next'): Promise<void> {
    this.#request?.abort()
    const { server, token } = this
    if (which === 'first') {
      this.#next = undefined
      this.#list.replaceChildren()
    }
    this.#more.hidden = true
    this.#problem.textContent = ''
    this.#search.removeAttribute('aria-invalid')
    this.#search.removeAttribute('aria-describedby')
    if (server === '' || token === '') return this.#showState(this.#texts.loading)
    this.#waiting = undefined
    this.#showState(this.#texts.loading)
    this.#request = new AbortController()
    const { signal } = this.#request
    const asked = { server, token, q: this.#q, cursor: this.#next, limit: this.#pageSize() }
    let page: Page
    try {
      page = await fetchPage(asked, signal)
    } catch {
      return // Another request has taken its place.
    }
    if (!signal.aborted) this.#show(page, which)
  }

  #pageSize(): number {
    const size = Number(this.getAttribute('page-size') ?? PAGE_SIZE)
    return Number.isInteger(size) && size > 0 ? Math.min(size, PAGE_SIZE_MAX) : PAGE_SIZE
  }

  #show(page: Page, which: 'first' | 'next'): void {
    const texts = this.#texts
    switch (page.kind) {
      case 'records':
        this.#add(page.records, which)
        this.#next = page.next
        this.#more.hidden = page.next === undefined
        return
      case 'expired':
        this.#waiting = which
        this.#showState(texts.expired)
        this.dispatchEvent(new CustomEvent('expired'))
        return
      case 'misunderstood':
        this.#showState('')
        this.#problem.textContent = page.detail
        this.#search.setAttribute('aria-invalid', 'true')
        this.#search.setAttribute('aria-describedby', 'problem')
        return
      case 'refused':
        this.#showState(texts.refused, page.detail)
        return
      case 'failed':
        this.#showState(texts.failed)
        this.#offerAgain(which)
    }
  }

  #add(records: Extract<Page, { kind: 'records' }>['records'], which: 'first' | 'next'): void {
    const texts = this.#texts
    const format = new Intl.DateTimeFormat(this.#language(), { dateStyle: 'medium', timeStyle: 'medium' })
    const items = records.map((record) => recordItem(record, texts, (at) => format.format(at)))
    this.#list.append(...items)
    const count = this.#list.childElementCount
    this.#showState(count > 0 ? '' : this.#q === '' ? texts.empty : texts.nothingFound)
    this.#status.textContent = texts.shown(count)
    // Whoever asked for more by the keyboard goes on at what came.
    if (which === 'next') items[0]?.querySelector('summary')?.focus()
  }

  #language(): string | undefined {
    const said = this.closest('[lang]')?.getAttribute('lang')
    return said !== null && said !== undefined && said !== '' ? said : undefined
  }

  #showState(...texts: readonly string[]): void {
    const said = texts.filter((text) => text !== '')
    this.#state.replaceChildren(...said.map((text) => element('span', {}, text)))
    this.#list.hidden = this.#list.childElementCount === 0
    this.#status.textContent = said.join(' ')
  }

  #offerAgain(which: 'first' | 'next'): void {
    const again = element('button', { type: 'button' }, this.#texts.again)
    again.addEventListener('click', () => void this.#load(which))
    this.#state.append(again)
  }
}
