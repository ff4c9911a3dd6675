// Requests of an administrator on the same machine: a name, some JSON in, some JSON out.

/** Throws an error whose message is for the person who asked. */
export type AdminHandler = (input: unknown) => Promise<unknown>;

export type AdminHandlers = Readonly<Record<string, AdminHandler>>;

/** A request that cannot be done as it was asked; the message is for the person who typed it. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Refused";
  }
}
