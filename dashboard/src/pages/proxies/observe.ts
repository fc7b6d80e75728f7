// Whether Reeve only looks, and what is different on the proxies.

import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '../../api/client';

export const observeQuery = queryOptions({ queryKey: ['observe'], queryFn: () => ask(api.GET('/api/observe-mode')) });
