import { build, type Plugin } from 'vite';

export interface Bundle {
  readonly code: string;
  readonly map: { toString(): string };
}

/** Bundles a module as an app's production build does. */
export async function bundle(entry: string, plugins: Plugin[] = []): Promise<Bundle> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    plugins,
    root: import.meta.dirname,
    // Whatever runs this, a test too: an app is built for production.
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      sourcemap: 'hidden',
      // The oldest browsers that the SDK is for.
      target: ['chrome109', 'safari16.4', 'firefox115'],
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  });
  const [output] = [result].flat();
  const chunks = output && 'output' in output ? output.output.filter((file) => file.type === 'chunk') : [];
  const [chunk, ...others] = chunks;
  if (!chunk?.map || others.length > 0) throw new Error(`vite made ${chunks.length} files of ${entry}`);
  return { code: chunk.code, map: chunk.map };
}
