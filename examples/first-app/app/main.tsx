import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { Visits } from './visits.tsx';

createRoot(document.querySelector('#app') as Element).render(
  <QueryClientProvider client={new QueryClient()}>
    <Visits />
  </QueryClientProvider>,
);
