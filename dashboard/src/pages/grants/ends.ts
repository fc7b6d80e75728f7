// The end of a grant as its form has it: empty, a time of an input of type datetime-local, or that there is none any more.

export const NO_END = 'none';

/** As the API takes it: left out, it stays. */
export const endOf = (value: string) => (value === '' ? undefined : value === NO_END ? null : new Date(value).toISOString());
