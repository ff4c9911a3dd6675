// The twilio package's REST client, pointed at TWILIO_API_BASE_URL. Also for the commands in src/ops; it asks for nothing itself.
import twilio from "twilio";
import type RequestClient from "twilio/lib/base/RequestClient.js";
import type { PhoneAccount } from "./settings.ts";

export interface TwilioClientOptions {
  /** https://api.twilio.com or a double of it. */
  readonly apiBaseUrl: string;
  /** ms without any sign of life after which a request is given up. */
  readonly timeoutMs: number;
  /** How often a request that was answered 429 is made again, with growing pauses; never unless told. */
  readonly retries?: number;
}

/** Signs in with the first token. */
export function createTwilioClient(
  { accountSid, authTokens }: Pick<PhoneAccount, "accountSid" | "authTokens">,
  { apiBaseUrl, timeoutMs, retries = 0 }: TwilioClientOptions,
): twilio.Twilio {
  const httpClient = new RedirectedClient(apiBaseUrl.replace(/\/+$/, ""), {
    timeout: timeoutMs,
    ...(retries > 0 && { autoRetry: true, maxRetries: retries }),
  });
  return twilio(accountSid, authTokens[0], { accountSid, httpClient });
}

/** The package builds addresses of api.twilio.com; this client sends them elsewhere, path and query untouched. */
class RedirectedClient extends twilio.RequestClient {
  readonly #base: string;
  constructor(base: string, options: RequestClient.RequestClientOptions) {
    super(options);
    this.#base = base;
  }
  override request<Data>(options: RequestClient.RequestOptions<Data>) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: this.#base + pathname + search });
  }
}
