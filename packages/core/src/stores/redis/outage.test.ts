import { describe, expect, it } from 'vitest'
import { isStoreError } from '../../store-error.ts'
import { failureOf } from './outage.ts'

const isOutage = (message: string, isCluster = false): boolean =>
  isStoreError(failureOf(new Error(message), isCluster))

describe('an outage', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'. script: 5f9c, on @user_script:90.",
    "READONLY You can't write against a read only replica. script: 5f9c, on @user_script:90.",
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
    'NOREPLICAS Not enough good replicas to write.',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'ERR max number of clients reached',
    "ERR Error running script (call to f_5f9c): @user_script:4: @user_script: 4: -READONLY You can't write against a read only replica.",
    "ERR Error running script (call to f_5f9c): @user_script:4: @user_script: 4: -OOM command not allowed when used memory > 'maxmemory'.",
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'Socket closed unexpectedly',
    'The client is closed',
    'fetch failed',
    'HTTP 503 Service Unavailable',
  ])('is %s', (message) => {
    expect(isOutage(message)).toBe(true)
  })

  it('is a TypeError of fetch, and what is no Error at all', () => {
    expect(isStoreError(failureOf(new TypeError('fetch failed'), false))).toBe(true)
    expect(isStoreError(failureOf('gone', false))).toBe(true)
    expect(isStoreError(failureOf(undefined, false))).toBe(true)
  })

  it('is a slot that nobody has, to a client that follows; to another one it is a mistake', () => {
    expect(isOutage('MOVED 3999 127.0.0.1:6381', true)).toBe(true)
    expect(isOutage('MOVED 3999 127.0.0.1:6381')).toBe(false)
  })
})

describe('a mistake in a program', () => {
  it('is an error of a program', () => {
    expect(
      isStoreError(failureOf(new TypeError("Cannot read properties of undefined (reading 'x')"), false)),
    ).toBe(false)
    expect(isStoreError(failureOf(new TypeError('Failed to fetch'), false))).toBe(true)
    expect(
      isStoreError(failureOf(new TypeError('NetworkError when attempting to fetch resource.'), false)),
    ).toBe(true)
  })

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value script: 5f9c, on @user_script:64.',
    "ERR wrong number of arguments for 'get' command script: 5f9c, on @user_script:64.",
    "ERR Error compiling script (new function): user_script:1: '=' expected near 'is'",
    'ERR user_script:45: attempt to compare number with nil script: 3b0e, on @user_script:45.',
    "NOPERM this user has no permissions to run the 'evalsha' command",
    'NOAUTH Authentication required.',
    "CROSSSLOT Keys in request don't hash to the same slot",
    'NOSCRIPT No matching script. Please use EVAL.',
  ])('is %s', (message) => {
    expect(isOutage(message)).toBe(false)
  })
})
