import { describe, it } from 'vitest'
import { listen } from '../../core/test/node-http-server.ts'
import { delaySocketCases } from '../../core/test/node-http-delays.ts'
import { leavingCases } from '../../core/test/node-http-leaving.ts'
import { socketCases } from '../../core/test/node-http-sockets.ts'
import { caseServer, versions } from '../test/app.ts'

describe.each(Object.entries(versions))('%s', (_name, version) => {
  for (const { name, run } of [...socketCases, ...delaySocketCases, ...leavingCases])
    it(name, () => run((app) => listen(caseServer(version, app, []))))
})
