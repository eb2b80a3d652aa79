import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '@ekbaar/sdk/model';
import type { AppConfig } from '../app-config.ts';
import { type Terminal, UsageError } from './command.ts';

const names = ['ekbaar.config.ts', 'ekbaar.config.js', 'ekbaar.config.mjs'];

/**
 * Loads the app's configuration.
 *
 * @param file as given; without it, the first of the usual names that is there
 * @throws UsageError when there is none, or when it is not one
 */
export async function loadConfig(file: string | undefined, { directory }: Terminal): Promise<AppConfig<Model>> {
  const path = file === undefined ? usual(directory) : resolve(directory, file);
  if (path === undefined)
    throw new UsageError(`there is no ${names.join(', ')} in ${directory}: go to the app's folder, or give --config`);
  if (!existsSync(path)) throw new UsageError(`the config ${path} is not there`);
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  if (!isConfig(module.default))
    throw new UsageError(`the config ${path} has no default export of defineConfig({ model, tables, mutators, … })`);
  return module.default;
}

/** The same, where the command can do without. */
export async function loadConfigIfAny(
  file: string | undefined,
  terminal: Terminal,
): Promise<AppConfig<Model> | undefined> {
  if (file === undefined && usual(terminal.directory) === undefined) return undefined;
  return loadConfig(file, terminal);
}

function usual(directory: string): string | undefined {
  return names.map((name) => resolve(directory, name)).find((path) => existsSync(path));
}

function isConfig(value: unknown): value is AppConfig<Model> {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['model', 'tables', 'mutators', 'scopes'].every((part) => part in value)
  );
}
