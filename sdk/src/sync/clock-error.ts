/** A slower answer says too little about the moment at which the server looked at its clock. */
const slowestMs = 10_000;

/**
 * How wrong the device's clock is, in milliseconds: what it showed in the middle of a round trip, minus the server's time.
 *
 * @param last what was known before; it stands as long as the new measure, which may be off by half of the round trip, fits to it
 * @param sent the device's clock as the request left
 * @param received the device's clock when the answer was here; a clock that was set meanwhile says nothing
 */
export function clockError(last: number | null, sent: number, serverTime: number, received: number): number | null {
  const tookMs = received - sent;
  const error = Math.round(sent + tookMs / 2 - serverTime);
  if (!(tookMs >= 0 && tookMs <= slowestMs) || Number.isNaN(error)) return last;
  return last !== null && Math.abs(error - last) <= tookMs / 2 ? last : error;
}
