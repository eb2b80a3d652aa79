import { momentInWords } from '../frame/units.ts';

interface CodeShownProps {
  readonly name: string;
  readonly login: string;
  readonly code: string;
  readonly until: string;
}

/** A code that is shown this once: with it somebody chooses a secret of their own. */
export function CodeShown({ name, login, code, until }: CodeShownProps) {
  return (
    <div className="code-shown" role="status">
      <p>
        Read this out to {name}. With it and <strong>{login}</strong>, they choose a secret under “Forgotten” at
        sign-in. It is good once, until {momentInWords(until)}, and is not shown again.
      </p>
      <output data-testid="code">{code}</output>
    </div>
  );
}
