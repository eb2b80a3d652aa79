/** The fields of which JSON has nothing like it: they would cross the wire as something else, or not at all. */
export type UnjsonableField<
  T,
  Unlike = bigint | symbol | Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
> = {
  // `any` may be all of them, and is nobody's mistake.
  [F in keyof T & string]-?: 0 extends 1 & T[F] ? never : [Extract<T[F], Unlike>] extends [never] ? never : F;
}[keyof T & string];

/** Anything, for values that are the same when they have crossed the wire. */
export type Jsonable<T> = [UnjsonableField<T>] extends [never]
  ? unknown
  : `JSON has no Date, bigint, Map or Set: give a string or a number in ${UnjsonableField<T>}`;
