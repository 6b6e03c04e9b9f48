/** A value, or a promise of it. */
export type MaybePromise<T> = T | PromiseLike<T>

export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

/** Goes on with a value: at once when it is there, so that what is synchronous stays so, else when it comes. */
export function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** All values: at once when all are there, else when the last comes. */
export function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as readonly T[])
}

/** Goes on with what comes of a call, at once where it comes at once; `failed` where it throws or rejects. */
export function settled<T>(
  call: () => MaybePromise<T>,
  next: (value: T) => MaybePromise<void>,
  failed: (error: unknown) => void,
): MaybePromise<void> {
  try {
    return (after(call(), next) as PromiseLike<void> | undefined)?.then(undefined, failed)
  } catch (error) {
    return failed(error)
  }
}
