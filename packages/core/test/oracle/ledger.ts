/** What an account has, by a list of all that was ever booked on it, in exact arithmetic. */

export interface Account {
  /** Books a grant unless one of this id was booked before, and tells whether it did. */
  grant(id: string, units: number): boolean
  take(units: number): void
  giveBack(units: number): void
  /** What can be taken. */
  remaining(): number
  /** What there was after the last grant, or the most that there was since. */
  limit(): number
  /** Whether all of that is there. */
  isFull(): boolean
}

interface Booking {
  readonly units: bigint
  /** Of a grant. */
  readonly id?: string
}

export function account(): Account {
  const bookings: Booking[] = []

  const book = (units: number, id?: string): void =>
    void bookings.push({ units: BigInt(units), ...(id !== undefined && { id }) })
  const balanceAfter = (count: number): bigint =>
    bookings.slice(0, count).reduce((sum, { units }) => sum + units, 0n)
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)

  function quota(): bigint {
    const last = bookings.findLastIndex(({ id }) => id !== undefined)
    // Who grants to somebody in debt grants it all the same.
    let most = last < 0 ? 0n : larger(balanceAfter(last), 0n) + (bookings[last] as Booking).units
    for (let count = last + 1; count <= bookings.length; count++) most = larger(most, balanceAfter(count))
    return most
  }

  return {
    grant(id, units) {
      if (bookings.some((booking) => booking.id === id)) return false
      book(units, id)
      return true
    },
    take: (units) => book(-units),
    giveBack: (units) => book(units),
    remaining: () => Number(larger(balanceAfter(bookings.length), 0n)),
    limit: () => Number(quota()),
    isFull: () => balanceAfter(bookings.length) === quota(),
  }
}
