import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { Deliveries } from './deliveries.tsx';

createRoot(document.querySelector('#app') as Element).render(
  <QueryClientProvider client={new QueryClient()}>
    <Deliveries />
  </QueryClientProvider>,
);
