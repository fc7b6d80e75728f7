// The corner itself, with its styles.

import '@mantine/notifications/styles.css';

import { Notifications } from '@mantine/notifications';

export const Corner = () => <Notifications position="bottom-left" />;
