import { QueryClient, QueryClientProvider } from '@tanstack/solid-query';
import { render } from 'solid-js/web';
import { Deliveries } from './deliveries.tsx';

const queryClient = new QueryClient();
render(
  () => (
    <QueryClientProvider client={queryClient}>
      <Deliveries />
    </QueryClientProvider>
  ),
  document.querySelector('#app') as Element,
);
