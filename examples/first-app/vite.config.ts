import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The oldest browsers that the SDK is for.
  build: { target: ['chrome109', 'safari16.4', 'firefox115'] },
  server: { proxy: { '/v1': 'http://127.0.0.1:8788', '/token': 'http://127.0.0.1:8788' } },
});
