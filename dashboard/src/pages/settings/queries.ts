// The settings, as every page that needs them reads them.

import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '../../api/client';

export const settingsQuery = queryOptions({ queryKey: ['settings'], queryFn: () => ask(api.GET('/api/settings')) });
