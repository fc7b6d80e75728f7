// A list as a file for a spreadsheet (RFC 4180).

/** A cell that begins like a formula would be run by the spreadsheet: it gets an apostrophe in front. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const toCsv = (rows: unknown[][]) => rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';

export const download = (name: string, csv: string) => save(name, new Blob([csv], { type: 'text/csv;charset=utf-8' }));

/** Hands a file to the browser. */
export function save(name: string, what: Blob) {
  const url = URL.createObjectURL(what);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
