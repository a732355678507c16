const viewer = document.querySelector('trailproof-viewer')

async function giveToken() {
  const response = await fetch('/viewer-token')
  if (!response.ok) throw new Error(`no viewer token: ${response.status}`)
  const { server, token } = await response.json()
  viewer.server = server
  viewer.token = token
}

viewer.addEventListener('expired', () => void giveToken())
await giveToken()
