import { firefoxIsMissing, startFirefox } from './firefox.ts';
import { startWebKit, webKitIsMissing } from './webkit.ts';

/** What the SDK and the agent app run in, beside Chromium. */
export const otherBrowsers = [
  { name: 'Firefox', isMissing: firefoxIsMissing, start: startFirefox },
  { name: 'WebKit', isMissing: webKitIsMissing, start: startWebKit },
];
