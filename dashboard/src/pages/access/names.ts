// Names that stand in URLs and in the audit.

export const goodName = (name: string) => (/^[a-z0-9-]{1,63}$/.test(name) ? null : '1 to 63 of a-z, 0-9 and -');
