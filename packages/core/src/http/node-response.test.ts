import { EventEmitter } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { nodeHeaders, whenOver } from './node-response.ts'

describe('whenOver', () => {
  const pair = () => ({
    response: new EventEmitter(),
    connection: Object.assign(new EventEmitter(), { destroyed: false }),
    done: vi.fn<() => void>(),
  })

  it('calls once the response has closed, and not again with the connection', () => {
    const { response, connection, done } = pair()
    whenOver(response, connection, done)
    expect(done).not.toHaveBeenCalled()
    response.emit('close')
    connection.emit('close')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('calls once the connection has closed, for all responses that are still to come', () => {
    const { response, connection, done } = pair()
    whenOver(response, connection, done)
    whenOver(new EventEmitter(), connection, done)
    connection.emit('close')
    response.emit('close')
    expect(done).toHaveBeenCalledTimes(2)
  })

  it('calls at once where the connection is gone', () => {
    const { response, connection, done } = pair()
    whenOver(response, Object.assign(connection, { destroyed: true }), done)
    response.emit('close')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it.each(['writableEnded', 'closed', 'destroyed'])('calls at once where the response is %s', (over) => {
    const { response, connection, done } = pair()
    whenOver(Object.assign(response, { [over]: true }), connection, done)
    expect(done).toHaveBeenCalledTimes(1)
    response.emit('close')
    connection.emit('close')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no store')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no store'))],
  ])('calls all, also where the first %s', async (_how, fail) => {
    const { response, connection, done } = pair()
    whenOver(response, connection, fail)
    whenOver(response, connection, done)
    whenOver(new EventEmitter(), connection, fail)
    whenOver(new EventEmitter(), connection, done)
    connection.emit('close')
    expect(done).toHaveBeenCalledTimes(2)
    await Promise.resolve()
  })

  it('listens to a connection once, however many requests come by it', () => {
    const { connection, done } = pair()
    for (let times = 0; times < 100; times++) whenOver(new EventEmitter(), connection, done)
    expect(connection.listenerCount('close')).toBe(1)
  })
})

it('nodeHeaders changes nothing once headers are sent', () => {
  const fields = new Map<string, string | string[]>([['Link', ['a', 'b']]])
  const response = {
    headersSent: false,
    getHeader: (name: string) => fields.get(name),
    setHeader: (name: string, value: string) => fields.set(name, value),
    removeHeader: (name: string) => void fields.delete(name),
  }
  const headers = nodeHeaders(response)
  headers.set('ETag', '"1"')
  expect([headers.get('ETag'), headers.get('Link'), headers.get('Vary')]).toEqual(['"1"', 'a,b', undefined])
  response.headersSent = true
  headers.set('ETag', '"2"')
  headers.remove('Link')
  expect([headers.get('ETag'), headers.get('Link')]).toEqual(['"1"', 'a,b'])
})
