/** How it looks. Every colour and size is a variable that the page may set on the element; docs/viewer.md lists them. */

const CSS = `
:host {
  --text: var(--trailproof-text, light-dark(#16202c, #e6ebf1));
  --quiet: var(--trailproof-quiet, light-dark(#4c5867, #a7b2bf));
  --ground: var(--trailproof-ground, transparent);
  --raised: var(--trailproof-raised, light-dark(#f5f7fa, #171d23));
  --line: var(--trailproof-line, light-dark(#d5dbe4, #2c353f));
  --edge: var(--trailproof-edge, light-dark(#7d8896, #6b7785));
  --accent: var(--trailproof-accent, light-dark(#1f4fd8, #8ab0ff));
  --success: var(--trailproof-success, light-dark(#14713d, #5fcf8e));
  --failure: var(--trailproof-failure, light-dark(#b3261e, #ff8b82));
  --denied: var(--trailproof-denied, light-dark(#8a5300, #f0b35a));
  --round: var(--trailproof-radius, 6px);
  display: block;
  container-type: inline-size;
  color: var(--text);
  background: var(--ground);
  font: var(--trailproof-font, 0.875rem/1.45 system-ui, sans-serif);
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
form { display: flex; gap: 0.5rem; margin-bottom: 0.75rem; }
input { flex: 1; min-width: 0; }
input, button {
  font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--edge); border-radius: var(--round); padding: 0.4rem 0.75rem; min-height: 2.25rem;
}
button { cursor: pointer; font-weight: 600; }
button:hover { background: var(--raised); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
li { border-bottom: 1px solid var(--line); }
summary {
  display: grid; grid-template-columns: 1em 15em minmax(6em, 1fr) minmax(8em, 2fr) 7em;
  gap: 0.25rem 0.5rem; padding: 0.5rem; cursor: pointer; list-style: none; overflow-wrap: anywhere;
}
summary::-webkit-details-marker { display: none; }
summary::before { content: '▸' / ''; color: var(--quiet); }
[open] > summary::before { content: '▾' / ''; }
[open] > summary { background: var(--raised); }
::placeholder { color: var(--quiet); opacity: 1; }
summary:hover { background: var(--raised); }
time { color: var(--quiet); font-variant-numeric: tabular-nums; }
.action { font-weight: 600; }
.outcome.success { color: var(--success); }
.outcome.failure { color: var(--failure); }
.outcome.denied { color: var(--denied); }
.outcome.unknown, .quiet { color: var(--quiet); }
.details { display: flow-root; padding: 0 0.5rem 0.75rem 2rem; background: var(--raised); overflow-wrap: anywhere; }
.details > * { margin: 0.5rem 0 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 0.75rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { text-align: start; vertical-align: top; padding: 0.25rem 0.5rem 0.25rem 0; font-weight: 400; }
thead th { color: var(--quiet); }
.before { color: var(--failure); }
.after { color: var(--success); }
.state { padding: 1rem 0.5rem; margin: 0; display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
.state:empty { display: none; }
.problem { color: var(--failure); margin: -0.25rem 0 0.75rem; }
.problem:empty { display: none; }
.more { margin-top: 0.75rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 40rem) {
  summary { grid-template-columns: 1em 1fr max-content; }
  time, .actor { grid-column: 2; }
  .action { grid-column: 2; grid-row: 1; }
  .outcome { grid-column: 3; grid-row: 1; }
}
`

let sheet: CSSStyleSheet | undefined

/** A sheet that is made is no inline style: the policy of a page need not allow any. */
export function viewerStyles(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
  }
  return sheet
}
