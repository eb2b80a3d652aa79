import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const sdk = join(import.meta.dirname, '../../sdk');
const { exports } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')) as { exports: Record<string, string> };
/** Where the SDK's names come from, by what one imports. */
const entryPoints = Object.entries(exports).map(
  ([name, file]) => [`@ekbaar/sdk${name.slice(1)}`, join(sdk, file)] as const,
);

const options: ts.CompilerOptions = {
  ...ts.parseJsonConfigFileContent({ extends: '../tsconfig.json' }, ts.sys, import.meta.dirname).options,
  noUnusedLocals: false,
  // Types are imported with everything else here.
  verbatimModuleSyntax: false,
};

/**
 * What the compiler says about pieces of code, by their names, with everything imported that they use.
 *
 * @param surroundings the file that exports what they take for granted
 */
export function problemsOf(pieces: ReadonlyMap<string, string>, surroundings: string): string[] {
  const names = namesIn(new Map([...entryPoints, [surroundings, surroundings]]));
  const files = new Map(
    [...pieces].map(([name, code]) => [join(import.meta.dirname, `${name}.ts`), withImports(code, names)]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = files.get(file);
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0], true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  });
}

/** The names that modules export, and from where each is imported. */
function namesIn(modules: ReadonlyMap<string, string>): Map<string, string> {
  const program = ts.createProgram([...modules.values()], options);
  const checker = program.getTypeChecker();
  return new Map(
    [...modules].flatMap(([name, file]) => {
      const source = program.getSourceFile(file);
      const symbol = source && checker.getSymbolAtLocation(source);
      return symbol ? checker.getExportsOfModule(symbol).map((exported) => [exported.name, name] as const) : [];
    }),
  );
}

function withImports(code: string, names: ReadonlyMap<string, string>): string {
  const used = [...names].filter(([name]) => {
    const declared = new RegExp(`(?:const|import(?:.*\\bas)?|[{,]) ${name}\\b[^(]*(?:=|from)`).test(code);
    return new RegExp(`\\b${name}\\b`).test(code) && !declared;
  });
  return [...used.map(([name, from]) => `import { ${name} } from '${from}';`), code, 'export {};'].join('\n');
}
