/** As much of Sentry's API as the hooks use, with its types; the same in all its packages since version 8. */
export declare function captureException(
  exception: unknown,
  hint?: { readonly tags?: Record<string, unknown>; readonly extra?: Record<string, unknown> },
): string;
export declare function addBreadcrumb(breadcrumb: { readonly category?: string; readonly message?: string }): void;
