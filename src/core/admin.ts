// Requests of an administrator on the same machine: a name, some JSON in, some JSON out.

/** Throws an error whose message is for the person who asked. */
export type AdminHandler = (input: unknown) => Promise<unknown>;

export type AdminHandlers = Readonly<Record<string, AdminHandler>>;
