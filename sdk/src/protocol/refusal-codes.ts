/** Codes with which the engine itself refuses a mutation, besides those that the model declares. */
export const rejectedCodes = ['already_done', 'forbidden', 'invalid_args', 'key_reused'] as const;
/** One of {@link rejectedCodes}. */
export type RejectedCode = (typeof rejectedCodes)[number];
/** Codes with which it gives up on one, until operations settle it. */
export const deadCodes = ['after_restore', 'halted', 'unknown_mutation'] as const;
/** One of {@link deadCodes}. */
export type DeadCode = (typeof deadCodes)[number];
