export * from './adapter.ts'
export {
  type CaseApp,
  type CaseLimiter,
  type CaseOptions,
  type CaseRequest,
  type CaseResponse,
  type HttpCase,
  httpCases,
  type NewStore,
  type OpenApp,
  type OpenedApp,
  type ReadHeader,
} from './cases.ts'
