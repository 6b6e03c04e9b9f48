// Changes that make no difference anybody could see, each with its reason; at most 20 may be listed. A change is found by
// its file, the text that it replaces, and what it puts there.

const nothingThere =
  'beyond the end there is `undefined`, and no comparison with it is true: the loop ends all the same'

/** @type {readonly { file: string, text: string, becomes: string, reason: string }[]} */
export const equivalents = [
  {
    file: 'bucket.ts',
    text: 'state.at > nowMs',
    becomes: 'state.at >= nowMs',
    reason: 'at equality, draining writes what is there already',
  },
  ...['guess - DAY_MS / 2', 'guess + DAY_MS / 2'].map((text) => ({
    file: 'calendar.ts',
    text: 'DAY_MS / 2',
    becomes: 'DAY_MS * 2',
    reason: `in \`${text}\`: a wrong candidate does not read as the midnight that is looked for, and is left out`,
  })),
  {
    file: 'calendar.ts',
    text: 'end - 1',
    becomes: 'end + 1',
    reason: 'the same offset holds at both, unless clocks change twice within an hour, which none does',
  },
  {
    file: 'calendar.ts',
    text: 'end <= nowMs',
    becomes: 'end < nowMs',
    reason: 'in the first millisecond of a period its number is never guessed too low',
  },
  ...['true', 'index <= state.expiry.length'].map((becomes) => ({
    file: 'concurrency.ts',
    text: 'index < state.expiry.length',
    becomes,
    reason: nothingThere,
  })),
  ...['true', 'index >= 0'].map((becomes) => ({
    file: 'concurrency.ts',
    text: 'index > 0',
    becomes,
    reason: nothingThere,
  })),
  ...['true', 'state.head <= state.at.length'].map((becomes) => ({
    file: 'sliding-log.ts',
    text: 'state.head < state.at.length',
    becomes,
    reason: nothingThere,
  })),
  ...['true', 'head <= state.at.length'].map((becomes) => ({
    file: 'sliding-log.ts',
    text: 'head < state.at.length',
    becomes,
    reason: nothingThere,
  })),
  ...['true', 'index >= 0'].map((becomes) => ({
    file: 'sliding-window-strict.ts',
    text: 'index > 0',
    becomes,
    reason: 'what is missing is no more than what is used: the sum is reached before the index is 0',
  })),
  ...['true', 'state.counts.length >= 1'].map((becomes) => ({
    file: 'sliding-window-strict.ts',
    text: 'state.counts.length > 1',
    becomes,
    reason: 'the newest part holds `at`, so it leaves later than that and is never cut off',
  })),
]
