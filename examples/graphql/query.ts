import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import { getOperationAST, GraphQLError, parse, specifiedRules, validate } from 'graphql'
import type { OperationArgs, RequestParams } from 'graphql-http'
import { getComplexity } from 'graphql-query-complexity'
import { schema } from './library.ts'
import { pointsOfField } from './points.ts'

export interface Query {
  /** In points: 1 for what cannot be executed, 0 for what would cost too much. */
  readonly cost: number
  /** Why it cannot be executed. */
  readonly errors?: readonly GraphQLError[]
  /** What to execute. Neither this nor errors: no query was found, and the server says what is wrong. */
  readonly args?: OperationArgs
}

const MAX_TOKENS = 1000
const MAX_NODES = 1000
const MAX_DEPTH = 6

const rules = [
  ...specifiedRules,
  maxDepthRule({
    n: MAX_DEPTH,
    flattenFragments: true,
    // By itself the rule throws out of `validate`.
    propagateOnRejection: false,
    onReject: [
      (context) => context?.reportError(new GraphQLError(`This query is deeper than ${MAX_DEPTH} levels.`)),
    ],
  }),
]

/** What a query would do and cost. Nothing is executed. */
export function understand({ query, variables, operationName }: RequestParams, maxCost: number): Query {
  try {
    const document = parse(query, { maxTokens: MAX_TOKENS })
    const errors = validate(schema, document, rules)
    if (errors.length > 0) return { cost: 1, errors }
    if (!getOperationAST(document, operationName)) throw new GraphQLError('Name one of the operations.')
    const points = getComplexity({
      schema,
      query: document,
      estimators: [pointsOfField],
      // Fragments in fragments are few words and many fields.
      maxQueryNodes: MAX_NODES,
      variables: variables ?? {},
      ...(typeof operationName === 'string' && { operationName }),
    })
    if (points > maxCost)
      return {
        cost: 0,
        errors: [new GraphQLError(`This query costs ${points}, more than ${maxCost} points.`)],
      }
    return { cost: Math.max(1, points), args: { schema, document, operationName, variableValues: variables } }
  } catch (error) {
    if (error instanceof GraphQLError) return { cost: 1, errors: [error] }
    throw error
  }
}
