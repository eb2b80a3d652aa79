/** The device's clock, in milliseconds since 1970: this file is the one place in the web apps that reads it. */
export function now(): number {
  return Date.now();
}

/** From 0 up to 1, for spreading retries. */
export function random(): number {
  return Math.random();
}
