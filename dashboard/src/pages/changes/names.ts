// Names for what the change log knows by id alone, as far as they are readable.

import { useFleet } from '../../api/fleet';
import type { Names } from './describe';

export function useNames(): Names {
  const fleet = useFleet();
  return { proxies: Object.fromEntries((fleet ?? []).map((p) => [p.id, p.name])) };
}
