import { build } from 'vite';

/** Bundles a module as an app's production build does, and gives the code and what each module holds of it. */
export async function bundle(entry: string) {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: import.meta.dirname,
    // Whatever runs this, a test too: an app is built for production.
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      // The oldest browsers that the SDK is for.
      target: ['chrome109', 'safari16.4', 'firefox115'],
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  });
  const [output] = [result].flat();
  if (!output || !('output' in output)) throw new Error('vite built nothing');
  const chunks = output.output.filter((file) => file.type === 'chunk');
  return {
    code: chunks.map(({ code }) => code).join('\n'),
    modules: chunks.flatMap((chunk) => Object.entries(chunk.modules)),
  };
}
