/** Names the wish to sync between the page, the browser and the service worker. */
export const syncTag = 'ekbaar';
