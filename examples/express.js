// One line gives a service one trail per request.
import { audit, setActor, traceStep } from '@trailproof/sdk'
import { trailErrors, trails } from '@trailproof/sdk/express'
import express from 'express'

const app = express()
app.use(trails({ service: 'orders' })) // the one line
app.use(express.json())

app.post('/orders', async (request, response) => {
  setActor({ type: 'user', id: 'u-1', roles: ['buyer'] })
  const price = await traceStep('price', async () => request.body.items.length * 10)
  await audit.event('order.created', {
    target: { type: 'order', id: 'o-1' },
    changes: [{ path: '/status', new: 'open' }],
  })
  response.status(201).json({ id: 'o-1', price })
})

app.get('/orders/:id', (request) => {
  throw new Error(`no order ${request.params.id}`)
})

app.use(trailErrors()) // errors into the trail, then on to your own handler

const server = app.listen(Number(process.env.PORT ?? 3000))
process.once('SIGTERM', () => server.close())
