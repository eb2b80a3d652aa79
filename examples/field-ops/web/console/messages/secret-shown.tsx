/** A signing secret, which is shown this once. */
export function SecretShown({ secret, note }: { secret: string; note: string }) {
  return (
    <div className="code-shown" role="status">
      <p>{note}</p>
      <output data-testid="secret">{secret}</output>
    </div>
  );
}
