import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Application, Converter, Logger, LogLevel, type ProjectReflection, ReflectionKind } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const sdk = join(import.meta.dirname, '../../sdk');

const markdown: PluginOptions = {
  outputFileStrategy: 'modules',
  flattenOutputFiles: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hideGroupHeadings: true,
  pageTitleTemplates: { module: ({ rawName }) => `@ekbaar/${rawName}` },
  useCodeBlocks: true,
  expandParameters: true,
  expandObjects: true,
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  parametersFormat: 'table',
  tableColumnSettings: { hideDefaults: true, hideInherited: true, hideModifiers: true, hideOverrides: true },
};

/** What other packages declare is described there, and what only the SDK itself needs nowhere. */
const undescribed =
  /\b(?:ExpoSqlite|OpSqlite|CapacitorSqlite|NodeSqlite|ReactNativeParts|LiveQueryContext)\.|^(?:CachedQuery|Field|LogEntry|Expo\w+|Capacitor\w+), /;

/**
 * Writes the API reference of the SDK into a folder: a page for each entry point, from the doc comments.
 *
 * @returns what is wrong: a link that leads nowhere, something exported without a word about it
 */
export async function generate(out: string): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const app = await Application.bootstrapWithPlugins({
    ...markdown,
    out,
    entryPoints: Object.values(exports).map((file) => join(sdk, file)),
    tsconfig: join(sdk, 'tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    name: 'API reference of @ekbaar/sdk',
    groupOrder: ['Functions', 'Interfaces', 'Type Aliases', 'Classes', 'Variables'],
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    requiredToBeDocumented: ['Function', 'Class', 'Interface', 'TypeAlias', 'Variable'],
    validation: { invalidLink: true, notDocumented: true, notExported: true },
  });
  const complaints: string[] = [];
  app.logger = new (class extends Logger {
    override log(message: string, level: LogLevel): void {
      if (level >= LogLevel.Warn && !undescribed.test(message)) complaints.push(message);
    }
  })();
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => prune(project, exports));
  const project = await app.convert();
  if (!project) return complaints;
  app.validate(project);
  await rm(out, { recursive: true, force: true });
  await app.generateOutputs(project);
  for (const page of await readdir(out)) {
    const file = join(out, page);
    await writeFile(file, shorten(await readFile(file, 'utf8')));
  }
  return complaints;
}

/** Calls the pages as one imports them, and takes away what nobody asks a reference for. */
function prune(project: ProjectReflection, exports: Readonly<Record<string, string>>): void {
  const imported = new Map(
    Object.entries(exports).map(
      ([name, file]) => [file.replace(/^\.\/src\/(.*?)(?:\/index)?\.ts$/, '$1'), name] as const,
    ),
  );
  for (const page of project.children ?? []) page.name = `sdk${(imported.get(page.name) ?? page.name).slice(1)}`;
  for (const reflection of Object.values(project.reflections)) {
    // Any model: its parameters' defaults in full say nothing.
    if (reflection.isTypeParameter() && reflection.type?.type === 'reference' && reflection.type.name === 'Model') {
      delete reflection.type.typeArguments;
    }
    const { parent } = reflection;
    const schema =
      parent?.isDeclaration() &&
      parent.children?.some((one) => one.kindOf(ReflectionKind.Variable) && one.name === reflection.name);
    // Errors are caught, not made; and a schema says all that the type inferred from it does.
    const inferred = schema === true && reflection.kindOf(ReflectionKind.TypeAlias);
    if (reflection.kindOf(ReflectionKind.Constructor) || inferred) project.removeReflection(reflection);
  }
}

/** The signature above says as much. */
function shorten(page: string): string {
  return page
    .replaceAll('Readonly<Record<string, Collection<ObjectSchema>>>', 'Collections')
    .replaceAll(/Extract<keyof output<Schema>(?:, string)?>/g, 'FieldOf<Schema>')
    .replaceAll(/Readonly<Record<string, MutationDeclaration<\$ZodType[^]*?undefined, string>>>/g, 'Mutations')
    .replaceAll(/\n#+ Type Parameters\n\n(?:\|.*\n)+/g, '')
    .replaceAll(/\n#+ Parameters\n\n\| Parameter \| Type \|\n(?:\|.*\n)+/g, '')
    .replaceAll(/\n#+ Returns\n\n.*\n(?=\n(?:#|\*\*\*)|$)/g, '')
    .replaceAll(/\n#+ (?:Inherited from|Overrides|Extended by)\n\n(?:.+\n)+/g, '')
    .replaceAll(/(?<=\n#+ Throws\n\n(?:.+\n)+)\n#+ Throws\n/g, '');
}
