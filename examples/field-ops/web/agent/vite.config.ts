import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

const brand = '#0a4a35';

/** The agent app: everything in one script, kept on the phone by a service worker, so that it opens without a network. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/agent/',
  plugins: [
    react(),
    VitePWA({
      injectRegister: false,
      registerType: 'autoUpdate',
      manifest: {
        id: '/agent/',
        name: 'Ekbaar Agent',
        short_name: 'Ekbaar',
        description: 'Deliveries of a field agent, with or without a network',
        start_url: '/agent/',
        scope: '/agent/',
        display: 'standalone',
        orientation: 'portrait',
        background_color: '#ffffff',
        theme_color: brand,
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{html,js,css,svg,png,webmanifest}'],
        navigateFallback: '/agent/index.html',
        // A new worker takes over at once; the page in use has all its code in memory and goes on undisturbed.
        skipWaiting: true,
        clientsClaim: true,
        cleanupOutdatedCaches: true,
        sourcemap: false,
      },
    }),
  ],
  build: {
    outDir: '../../dist-web/agent',
    emptyOutDir: true,
    // Cheap phones in the field: browsers of the last four years.
    target: ['chrome109', 'safari16.4', 'firefox115'],
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
