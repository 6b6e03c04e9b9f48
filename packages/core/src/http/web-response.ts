import type { WriteHeaders } from './response-headers.ts'

/** The response with headers written: itself, or a copy where it came from `fetch()` and cannot be changed. */
export function withHeaders(response: Response, writeHeaders: WriteHeaders): Response {
  try {
    write(response, writeHeaders)
    return response
  } catch {
    const copy = new Response(response.body, response)
    write(copy, writeHeaders)
    return copy
  }
}

function write({ headers, status }: Response, writeHeaders: WriteHeaders): void {
  const port = {
    get: (name: string) => headers.get(name) ?? undefined,
    set: (name: string, value: string) => headers.set(name, value),
    remove: (name: string) => headers.delete(name),
  }
  writeHeaders(port, status)
}

/**
 * The response, with `done` called once when its body has been read to the end, failed, or is no longer wanted; at
 * once where it has none, or somebody else reads it.
 */
export function whenBodyEnds(response: Response, done: () => unknown): Response {
  if (response.body === null || response.body.locked || response.bodyUsed) {
    void done()
    return response
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  let open = true
  function finish(): void {
    if (open) void done()
    open = false
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const part = await reader.read()
        if (!part.done) return controller.enqueue(part.value)
        finish()
        controller.close()
      } catch (error) {
        finish()
        controller.error(error)
      }
    },
    async cancel(reason) {
      finish()
      await reader.cancel(reason)
    },
  })
  return new Response(body, response)
}
