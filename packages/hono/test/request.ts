import type { OpenApp } from '@sluice/core/http'
import { caseApp } from './app.ts'

/** Opens apps that are asked by `app.request`, without any server: on every runtime there is. */
export const openByRequest: OpenApp = (app) => {
  const errors: unknown[] = []
  const hono = caseApp(app, errors)
  return {
    async send({ method, path, headers }) {
      const response = await hono.request(path, { method, headers })
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: await response.text(),
      }
    },
    errors,
    close: () => undefined,
  }
}
