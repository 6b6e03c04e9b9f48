import type { RequestKey } from '../framework.ts'

/**
 * Keys by the pattern of the route, such as `/users/:id`. Before a route is chosen (in a middleware for the whole app)
 * it is the path, of which a client can make up as many as it likes: use it beside another policy.
 */
export function byRoute<Args extends readonly unknown[]>(): RequestKey<Args> {
  return { keyOf: (view, ...args) => `route:${view.route(...args) ?? ''}` }
}

/** Keys by the request's method. */
export function byMethod<Args extends readonly unknown[]>(): RequestKey<Args> {
  return { keyOf: (view, ...args) => `method:${view.method(...args)}` }
}
