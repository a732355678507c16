// A product's server whose customers see their own audit log. It needs a Trailproof server that lets its pages in, and a key that may make viewer tokens:
//
//     TRAILPROOF_VIEWER_ORIGINS=http://localhost:3000 npm start
//     npm run -s trailproof -- demo
//     TRAILPROOF_TOKEN=tp_… node examples/viewer/server.js
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const { TRAILPROOF_URL = 'http://127.0.0.1:4000', TRAILPROOF_TOKEN = '', PORT = '3000' } = process.env

const FILES = {
  '/': [new URL('index.html', import.meta.url), 'text/html; charset=utf-8'],
  '/page.js': [new URL('page.js', import.meta.url), 'text/javascript'],
  '/page.css': [new URL('page.css', import.meta.url), 'text/css'],
  '/trailproof-viewer.js': [new URL(import.meta.resolve('@trailproof/viewer')), 'text/javascript'],
}

/** The viewer takes nothing from a page's policy but that the page may ask the Trailproof server. */
const POLICY = `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ${TRAILPROOF_URL}`

createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error)
    response.writeHead(502).end()
  })
}).listen(Number(PORT), () => console.log(JSON.stringify({ url: `http://localhost:${PORT}` })))

async function serve(request, response) {
  if (request.url === '/viewer-token') {
    const { status, body } = await viewerToken(customerOf(request))
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body)
    return
  }
  const [file, type] = FILES[request.url] ?? []
  if (file === undefined) response.writeHead(404).end()
  else
    response
      .writeHead(200, { 'content-type': type, 'content-security-policy': POLICY })
      .end(await readFile(file))
}

/** Whoever is logged in here; in this example always the same. */
function customerOf() {
  return 'u-1001'
}

/** The product says what its customer sees; the browser cannot change it. */
async function viewerToken(customer) {
  // In quotes: an id is never part of the query's language.
  const query = `actor.id:${JSON.stringify(customer)} kind:event`
  const asked = { query, name: customer, personal: true, expires_in: 600 }
  const made = await fetch(`${TRAILPROOF_URL}/v1/viewer-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TRAILPROOF_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  const answer = await made.json()
  const body = made.ok ? { server: TRAILPROOF_URL, token: answer.token } : { detail: answer.detail }
  return { status: made.status, body: JSON.stringify(body) }
}
