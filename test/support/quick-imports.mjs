/**
 * Preloaded into every Node that the tests start (see run-directory.ts): Node reads the package.json of a module's package
 * anew for each import in it, and Drizzle's has 180 kB; that was half of what starting a server took.
 */
import * as nodeModule from 'node:module';

const heavy = '/node_modules/drizzle-orm/';
const known = new Map();

// Node 20, which may run npm here, has no such hooks.
nodeModule.registerHooks?.({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    if (specifier.startsWith('.') && parentURL.includes(heavy) && parentURL.endsWith('.js')) {
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true };
    }
    if (!/^drizzle-orm(\/|$)/.test(specifier)) return next(specifier, context);
    const place = `${specifier} ${new URL('.', parentURL).href}`;
    const found = known.get(place) ?? next(specifier, context);
    known.set(place, found);
    return { ...found, shortCircuit: true };
  },
});
