import { refuse } from '../../check.ts'
import { after, type MaybePromise } from '../../maybe-promise.ts'
import type { RequestKey } from '../framework.ts'

/** Tells who it is: nobody is `undefined`, `null` or `''`. */
type Who<Args extends readonly unknown[]> = (
  ...args: Args
) => MaybePromise<string | number | null | undefined>

/**
 * Keys by what a function tells of the signed-in user: `user:42`. Nobody signed in (`undefined`, `null`, `''`):
 * `undefined`.
 * @throws TypeError for what is no function; per request for a user that is neither text nor a finite number
 */
export function byUser<Args extends readonly unknown[]>(user: Who<Args>): RequestKey<Args> {
  return byWho('byUser', 'user', user)
}

/**
 * Keys by what a function tells of the tenant, the customer all of whose users share a limit: `tenant:7`. No tenant
 * (`undefined`, `null`, `''`): `undefined`.
 * @throws TypeError for what is no function; per request for a tenant that is neither text nor a finite number
 */
export function byTenant<Args extends readonly unknown[]>(tenant: Who<Args>): RequestKey<Args> {
  return byWho('byTenant', 'tenant', tenant)
}

function byWho<Args extends readonly unknown[]>(
  owner: string,
  kind: string,
  who: Who<Args>,
): RequestKey<Args> {
  if (typeof who !== 'function') refuse(owner, 'a function', who)
  return {
    keyOf: (_, ...args) =>
      after(who(...args), (id) => {
        if (id === undefined || id === null || id === '') return undefined
        // All objects read alike as text, and all would share one limit.
        return typeof id === 'string' || Number.isFinite(id)
          ? `${kind}:${id}`
          : refuse(`the ${kind} that ${owner} is told`, 'text or a finite number', id)
      }),
  }
}
