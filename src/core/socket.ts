// A WebSocket as the edges see it, and the way an edge offers a socket path to the one door for upgrades.
// The library behind it stays in http/.

export interface SocketListener {
  /** One whole message, good until this returns and not longer. `isBinary` is false for text, which is valid UTF-8. */
  message(data: Buffer, isBinary: boolean): void;
  /**
   * The same for ASCII text that lies from byte `from` to `to`, before `message` and for those who can read it there: a view of it for
   * each frame of audio would cost as much as reading it. False: `message` is to have it.
   */
  text?(bytes: Buffer, from: number, to: number): boolean;
  /**
   * The last event, exactly once: RFC 6455 close code, 1006 when the connection broke without one. Comes at once when the
   * far side broke the protocol (1002, 1007, 1008, 1009), without waiting for its answer to our close.
   */
  closed(code: number): void;
  /** The far side answered a ping. */
  pong?(): void;
}

export interface Socket {
  /** Bytes written but not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Starts delivery; to be called within `accept`, once. */
  listen(listener: SocketListener): void;
  /** Ignored once the socket is closing. */
  send(data: string | Uint8Array): void;
  /** The same for a text that is ASCII, such as base64 in JSON, or for two, and much cheaper; other characters would be damaged. */
  sendAscii(text: string, next?: string): void;
  ping(): void;
  /** Starts the closing handshake; a peer that never answers is cut off after 5 s. Idempotent. */
  close(code: number, reason: string): void;
  /** Cuts the connection at once. */
  terminate(): void;
}

/** What a route may judge an upgrade by. */
export interface UpgradeRequest {
  /** Path and query as they came. */
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface SocketRoute {
  /** Exact path, such as "/media-stream"; `{name}` in it stands for one segment of the address. */
  readonly path: string;
  /** Bytes of one message; more closes the socket with 1009. */
  readonly maxPayload: number;
  /** Decides before the handshake: undefined lets it happen, else it is the HTTP status to refuse with. @throws Problem, to refuse with words. */
  refuse(request: UpgradeRequest): number | undefined | Promise<number | undefined>;
  accept(socket: Socket, request: UpgradeRequest): void;
}
