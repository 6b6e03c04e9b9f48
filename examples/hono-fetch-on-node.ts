// Serves the fetch handler on Node, to try it without an edge.
import { serve } from '@hono/node-server'
import app from './hono-fetch.ts'

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}`)
})
