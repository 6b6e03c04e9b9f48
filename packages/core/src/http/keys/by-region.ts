import { refuse } from '../../check.ts'
import { after, type MaybePromise } from '../../maybe-promise.ts'
import type { RequestKey } from '../framework.ts'
import { headerName } from './header-name.ts'

/** No name of a region is longer; it is the same bound for what a client makes up. */
const MAX_LENGTH = 64

/**
 * Keys by the region that a request comes from: `region:DE`. The source is the name of the header that your edge sets,
 * such as `'cf-ipcountry'` or `'x-vercel-ip-country'`, or a function of the request. Blanks around a region are dropped
 * and its letters made capitals; all regions of more than 64 characters are one. No region (`undefined`, `null`, `''`):
 * `undefined`. Where no edge overwrites the header, a client can send it itself, with another region each time: use it
 * beside another policy then.
 * @throws TypeError for what is neither text nor a function, RangeError for text that is no header name; per request
 * TypeError for a region that is no text
 */
export function byRegion<Args extends readonly unknown[]>(
  source: string | ((...args: Args) => MaybePromise<string | null | undefined>),
): RequestKey<Args> {
  if (typeof source === 'function') return { keyOf: (_, ...args) => after(source(...args), regionKey) }
  const must = 'the name of a header, or a function of the request'
  const field = headerName('the source that byRegion takes', source, must)
  return { keyOf: (view, ...args) => regionKey(view.header(field, ...args)) }
}

function regionKey(told: string | null | undefined): string | undefined {
  if (told === undefined || told === null) return undefined
  if (typeof told !== 'string') return refuse('the region that byRegion is told', 'text', told)
  const region = told.trim()
  if (region === '') return undefined
  return `region:${region.length > MAX_LENGTH ? 'OTHER' : region.toUpperCase()}`
}
