export { ipKey } from './http/address.ts'
export { type AddressSet, type ClientList, clientList, type ClientListEntries } from './http/client-list.ts'
export {
  byBearer,
  byHeader,
  byIp,
  type ByIpOptions,
  byMethod,
  byRegion,
  byRoute,
  byTenant,
  byUser,
  combine,
  type ConnInfo,
  firstOf,
  headerKey,
} from './http/keys.ts'
