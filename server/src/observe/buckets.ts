/** Seconds, from what a cached answer takes to where phones have given up. */
export const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** How many of something a request had. */
export const counts = [0, 1, 5, 10, 25, 50, 100, 250, 500, 1000];
/** Bytes, from 1 KiB to 4 MiB. */
export const bytes = [1, 4, 16, 64, 256, 1024, 4096].map((kibibytes) => kibibytes * 1024);
