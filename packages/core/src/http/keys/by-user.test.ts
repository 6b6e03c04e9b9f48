import { expect, it } from 'vitest'
import { thrown } from '../../testing/thrown.ts'
import type { KeyOption } from '../framework.ts'
import { readKey } from '../key-option.ts'
import { type Asked, data } from '../testing/requests.ts'
import { requestView } from '../view.ts'
import { byTenant, byUser } from './by-user.ts'

const view = requestView(data, undefined)
const asked: Asked = { headers: { 'x-tenant': '7' } }
const keyOf = (key: KeyOption<[Asked]>): unknown => readKey(key, view, [asked])

it('byTenant is the tenant, and no user of the same name', async () => {
  expect(keyOf(byTenant<[Asked]>(({ headers }) => headers?.['x-tenant']))).toBe('tenant:7')
  expect(keyOf(byTenant(() => 7))).toBe('tenant:7')
  expect(keyOf(byUser(() => 7))).toBe('user:7')
  expect(await keyOf(byTenant(async () => Promise.resolve('7')))).toBe('tenant:7')
})

it.each([undefined, null, ''])('byTenant is none where there is none: %j', (nobody) => {
  expect(keyOf(byTenant(() => nobody))).toBeUndefined()
})

it('byTenant refuses what is no tenant, and what is no function', () => {
  expect(thrown(() => keyOf(byTenant(() => ({ id: 7 }) as never)))).toBe(
    'TypeError: the tenant that byTenant is told must be text or a finite number, got an object',
  )
  expect(thrown(() => byTenant('7' as never))).toBe("TypeError: byTenant must be a function, got '7'")
})
