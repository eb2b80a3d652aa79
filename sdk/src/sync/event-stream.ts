/** Far more than any event of the server's; what has no end is not from it. */
const mostCharacters = 1_000_000;

/**
 * Reads server-sent events, as far as the server writes them: told piece by piece what comes, it tells the data of each
 * event called `name`. Comments and other events are left out.
 */
export function eventReader(name: string, told: (data: string) => void): (text: string) => void {
  let begun = '';
  return (text) => {
    const events = (begun + text.replaceAll('\r', '')).split('\n\n');
    begun = events.pop() ?? '';
    if (begun.length > mostCharacters) throw new RangeError('An event without an end');
    for (const event of events) {
      if (new RegExp(`^event: ?${name}$`, 'm').test(event)) told(/^data: ?(.*)/m.exec(event)?.[1] ?? '');
    }
  };
}
