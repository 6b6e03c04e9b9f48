import { GraphQLError } from 'graphql'
import type { ComplexityEstimator } from 'graphql-query-complexity'

const MAX_FIRST = 100

/** A field costs 1 point, and what is asked of each row of a list costs as often as there may be rows. */
export const pointsOfField: ComplexityEstimator = ({ args, childComplexity }) => {
  const first = Number(args.first ?? 1)
  // A list of -5 rows would pay for the rest of the query.
  if (first < 0 || first > MAX_FIRST)
    throw new GraphQLError(`first must be from 0 to ${MAX_FIRST}, got ${first}.`)
  return 1 + first * childComplexity
}
