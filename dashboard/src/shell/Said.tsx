// What was done, in the corner. The component comes with the first word to say: most first pages have none.

import { useNotifications } from '@mantine/notifications';
import { lazy, Suspense, useState } from 'react';

const Notifications = lazy(() => import('./Corner').then(({ Corner }) => ({ default: Corner })));

export function Said() {
  const { notifications } = useNotifications();
  const [any, setAny] = useState(false);
  if (!any && notifications.length > 0) setAny(true);
  return any && <Suspense><Notifications /></Suspense>;
}
