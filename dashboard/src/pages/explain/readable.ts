// A fact's text as a sentence of the console.

import type { Fact } from '../../api/schema';
import { exactTime } from '../../components/Time';

/** Moments are written as everywhere here, and what begins with a plain word begins like a sentence. */
export const readable = ({ kind, text }: Fact) => (kind === 'freeze' ? text.charAt(0).toUpperCase() + text.slice(1) : text).replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, (at) => exactTime(at));
