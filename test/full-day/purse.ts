/** Money by what it is of, in paise. What is there twice is told. */
export class Purse {
  readonly name: string;
  readonly #paise = new Map<string, number>();
  readonly twice: string[] = [];

  constructor(name: string, entries: Iterable<readonly [of: string, paise: number]>) {
    this.name = name;
    for (const [of, paise] of entries) {
      if (this.#paise.has(of)) this.twice.push(of);
      this.#paise.set(of, (this.#paise.get(of) ?? 0) + paise);
    }
  }

  get count(): number {
    return this.#paise.size;
  }

  get paise(): number {
    return [...this.#paise.values()].reduce((sum, one) => sum + one, 0);
  }

  has(of: string): boolean {
    return this.#paise.has(of);
  }

  only(name: string, keep: (of: string) => boolean): Purse {
    return new Purse(
      name,
      [...this.#paise].filter(([of]) => keep(of)),
    );
  }

  /** Where another purse is not the same to the last paisa, row by row. */
  differences(other: Purse): string[] {
    const rows = [...new Set([...this.#paise.keys(), ...other.#paise.keys()])].toSorted();
    return [
      ...this.twice.map((of) => `${of} is there twice in "${this.name}"`),
      ...other.twice.map((of) => `${of} is there twice in "${other.name}"`),
      ...rows.flatMap((of) => {
        const [one, two] = [this.#paise.get(of), other.#paise.get(of)];
        if (one === two) return [];
        const said = (paise: number | undefined) => (paise === undefined ? 'nothing' : `${paise} paise`);
        return [`${of}: "${this.name}" has ${said(one)}, "${other.name}" has ${said(two)}`];
      }),
    ];
  }
}
