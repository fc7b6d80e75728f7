// What differs between two views, field by field. Lists of things with an id are compared thing by thing, other lists by what
// they hold, whatever the order.

export interface Difference {
  path: string;
  kind: 'added' | 'removed' | 'changed';
  before?: unknown;
  after?: unknown;
}

type View = Record<string, unknown>;

const isView = (value: unknown): value is View => value !== null && typeof value === 'object' && !Array.isArray(value);
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
/** The API leaves out or writes null or an empty list for what is not there. */
const nothing = (value: unknown) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
/** What people call it; there may be several of one name, so it is not compared by. */
function labelOf(item: unknown): string | undefined {
  if (!isView(item)) return undefined;
  if (typeof item.generation === 'number') return `generation ${item.generation}`;
  return [item.name, item.modelId, item.fingerprint].find((word) => typeof word === 'string' && word !== '')?.toString();
}
const idOf = (item: unknown) => (isView(item) && typeof item.id === 'string' ? item.id : undefined);

/** Every edit changes these: they say nothing of what was meant. */
const BOOKKEEPING = new Set(['version', 'updatedAt']);
export const isBookkeeping = ({ path }: Difference) => BOOKKEEPING.has(path.split('.').at(-1) ?? '');

export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (same(before, after) || (nothing(before) && nothing(after))) return [];
  const at = (name: string) => (path ? `${path}.${name}` : name);
  if (isView(before) && isView(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => differences(before[name], after[name], at(name)));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const ids = [...before, ...after].map(idOf);
    if (ids.every((id) => id !== undefined)) {
      return [...new Set(ids)].flatMap((id) => {
        const [old, now] = [before, after].map((items): unknown => items.find((item) => idOf(item) === id));
        return differences(old, now, `${path}[${labelOf(now ?? old) ?? id}]`);
      });
    }
    const only = (items: unknown[], others: unknown[]) => items.filter((item) => !others.some((other) => same(item, other)));
    return [
      ...only(before, after).map((item): Difference => ({ path, kind: 'removed', before: item })),
      ...only(after, before).map((item): Difference => ({ path, kind: 'added', after: item })),
    ];
  }
  if (nothing(before)) return [{ path, kind: 'added', after }];
  if (nothing(after)) return [{ path, kind: 'removed', before }];
  return [{ path, kind: 'changed', before, after }];
}

/** The fields of a single view that hold something. */
export const fields = (view: unknown): [path: string, value: unknown][] => {
  if (Array.isArray(view)) return view.map((item, n): [string, unknown] => [`[${n}]`, item]);
  return isView(view) ? Object.entries(view).filter(([, value]) => !nothing(value) && value !== false) : [];
};

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
export const isMoment = (value: unknown): value is string => typeof value === 'string' && MOMENT.test(value);

/** A value in a line. */
export function shown(value: unknown): string {
  if (nothing(value)) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(', ');
  if (isView(value)) return Object.entries(value).filter(([, v]) => !nothing(v)).map(([name, v]) => `${name}: ${isView(v) || Array.isArray(v) ? JSON.stringify(v) : shown(v)}`).join(', ') || '–';
  return JSON.stringify(value);
}
