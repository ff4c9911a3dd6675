// One step of the schema. A step that was released is never changed; what it got wrong is mended by the next one.

export interface Migration {
  /** Sorts by order: 0001-..., 0002-... */
  readonly name: string;
  /** SQL, one statement each. */
  readonly statements: readonly string[];
}
