import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The ops console: needs the network, so it has no service worker. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../../dist-web/console',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
