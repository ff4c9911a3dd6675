// What the phone channel is told: whose account it serves and how patient it is. The times are settings for tests' sake; nobody
// else has a reason to change them.

export interface PhoneAccount {
  readonly accountSid: string;
  /** Tokens whose signatures are good: the primary and, during a rotation, the secondary. The first one signs in at the REST API. */
  readonly authTokens: readonly string[];
  /** https://host[:port] (http on this machine only), no trailing slash. */
  readonly webhookUrl: string;
  /** False takes any request for Twilio's. */
  readonly validate: boolean;
}

export interface PhoneTiming {
  /** ms in which a stream may use its token. */
  readonly tokenTtlMs: number;
  /** ms without a stream after which the voice opened for it is given up and its slot freed. */
  readonly abandonAfterMs: number;
  /** ms from the upgrade to `start`, and from there to the token's answer. */
  readonly startMs: number;
  /** ms without caller audio after which the peer is pinged, and after which the line is dead. */
  readonly quietPingMs: number;
  readonly quietEndMs: number;
  /** ms between two looks at all the streams. */
  readonly tickMs: number;
  /** This many bad frames in this many ms close a stream. */
  readonly badFrames: number;
  readonly badFramesMs: number;
  /** ms of silence that one gap is filled with at most. */
  readonly gapCapMs: number;
  /** ms that a request to Twilio's REST API may take, and the pause before the one retry. */
  readonly restTimeoutMs: number;
  readonly restRetryMs: number;
  /** ms that placing a call may take: it is not done twice, so that it gets more patience. */
  readonly dialTimeoutMs: number;
  /** ms after our closing of a stream in which Twilio has to ask /voice/after-stream before it is told over REST. */
  readonly secondWayMs: number;
  /** ms that /voice/after-stream waits for an ending which the breaking of the stream may still bring. */
  readonly endingGraceMs: number;
  /** ms after the end of a call in which the end of a dialling may still be told. */
  readonly undecidedMs: number;
}

export const DEFAULT_TIMING: PhoneTiming = {
  tokenTtlMs: 60_000,
  abandonAfterMs: 15_000,
  startMs: 5000,
  quietPingMs: 5000,
  quietEndMs: 10_000,
  tickMs: 1000,
  badFrames: 50,
  badFramesMs: 10_000,
  gapCapMs: 10_000,
  restTimeoutMs: 2000,
  restRetryMs: 250,
  dialTimeoutMs: 8000,
  secondWayMs: 3000,
  endingGraceMs: 150,
  undecidedMs: 10_000,
};
