// Builds the console and puts it into the page.

import '@fontsource-variable/inter/wght.css';
import './mantine.css';
import './main.css';

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './api/problem';
import { makeRouter } from './router';
import { Said } from './shell/Said';
import { theme } from './theme';

const nonce = document.querySelector('meta[name=csp-nonce]')?.getAttribute('content') ?? '';
setNonce(nonce);

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream of events says when to ask again.
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // Nothing is gained by repeating what was refused.
      retry: (count, error) => count < 2 && (Problem.from(error).status === 0 || Problem.from(error).status >= 500),
    },
  },
});
const router = makeRouter(client);

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={client}>
        <Said />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
