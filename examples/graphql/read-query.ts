import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { parseRequestParams } from 'graphql-http'
import { type Query, understand } from './query.ts'

const queries = new WeakMap<Request, Query>()

/** What `readQuery` made of a request. */
export const queryOf = (req: Request): Query => queries.get(req) ?? { cost: 1 }

/** Reads, parses and validates the query of each request once, for all that ask for it. */
export function readQuery(maxCost: number): RequestHandler {
  async function read(req: Request): Promise<void> {
    const { method, url, headers } = req
    const body = (req.body ?? null) as Record<string, unknown> | null
    // What has no query is left to the server, which reads it once more and says what is wrong.
    const params = await parseRequestParams({
      method,
      url,
      headers,
      body,
      raw: req,
      context: undefined,
    }).catch(() => undefined)
    if (params !== undefined && 'query' in params) queries.set(req, understand(params, maxCost))
  }
  return (req, _res, next) => void read(req).then(() => next(), next)
}

/** Answers what cannot be executed, in the form that GraphQL clients read. */
export function refuseInvalid(req: Request, res: Response, next: NextFunction): void {
  const { errors } = queryOf(req)
  if (errors === undefined) return next()
  const type = req.accepts(['application/json', 'application/graphql-response+json'])
  res
    .status(400)
    .type(type || 'application/json')
    .json({ errors })
}
