/** A longer event is none of ours. */
const mostCharacters = 1024 * 1024;

/**
 * Reads server-sent events out of text that comes in pieces, after "Interpreting an event stream" of the HTML standard
 * (9.2.6). `id` and `retry` are of no use here: what was missed is pulled, and how long to wait is the caller's.
 *
 * @returns to be called with each piece. @throws TypeError when an event does not end
 */
export function eventReader(heard: (event: string, data: string) => void): (piece: string) => void {
  let rest = '';
  let returned = false;
  let event = '';
  let data: string[] = [];
  let held = 0;
  const read = (line: string) => {
    if (line === '') {
      if (data.length > 0) heard(event || 'message', data.join('\n'));
      event = '';
      data = [];
      held = 0;
      return;
    }
    // A line that begins with a colon is a comment: a field without a name.
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field !== 'data') return;
    data.push(value);
    held += line.length;
  };
  return (piece) => {
    // The second half of an end of line whose first half came with the last piece.
    const lines = (returned ? piece.replace(/^\n/, '') : piece).split(/\r\n|\n|\r/);
    if (piece !== '') returned = piece.endsWith('\r');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    lines.forEach(read);
    if (held + rest.length > mostCharacters) throw new TypeError('The stream has an event without an end');
  };
}
