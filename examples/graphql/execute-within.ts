import {
  defaultFieldResolver,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
} from 'graphql'

/** Executes a query for at most `maxMs`; then the client gets an error, and resolvers hear of it by `context.signal`. */
export function executeWithin(maxMs: number): (args: ExecutionArgs) => Promise<ExecutionResult> {
  return async (args) => {
    const ended = new AbortController()
    const { signal } = ended
    const tooLate = new Promise<ExecutionResult>((resolve) => {
      signal.addEventListener('abort', () => resolve({ data: null, errors: [signal.reason as GraphQLError] }))
    })
    const timer = setTimeout(
      () => ended.abort(new GraphQLError(`Execution took longer than ${maxMs} ms.`)),
      maxMs,
    )
    const executed = execute({
      ...args,
      contextValue: { signal },
      // A resolver that does not listen goes on, but nothing is asked of what it finds.
      fieldResolver: (...field) => {
        signal.throwIfAborted()
        return defaultFieldResolver(...field)
      },
    })
    try {
      return await Promise.race([executed, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }
}
