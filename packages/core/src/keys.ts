export { ipKey } from './http/address.ts'
export {
  byBearer,
  byHeader,
  byIp,
  type ByIpOptions,
  byMethod,
  byRoute,
  byUser,
  combine,
  type ConnInfo,
  firstOf,
  headerKey,
} from './http/keys.ts'
