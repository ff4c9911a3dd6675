// The HTTP routes of the phone channel: checks who asks, reads the form, and hands it to what answers. Everything here is the
// same for all routes; what they mean is in reception, endings and callbacks.
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { stackOf, type Log, type Meter } from "../../core/observe.ts";
import { Problem } from "../../core/problem.ts";
import {
  isTerminalStatus,
  parseWebhook,
  TWILIO_WEBHOOKS,
  type Fields,
  type FormOf,
  type QueryOf,
  type WebhookName,
} from "../../wire/twilio-webhook.ts";
import type { Callbacks } from "./callbacks.ts";
import type { SecondWay } from "./second-way.ts";
import type { Endings } from "./endings.ts";
import type { Reception } from "./reception.ts";
import type { PhoneAccount } from "./settings.ts";
import type { Signatures } from "./signature.ts";

export interface WebhookOptions {
  readonly account: PhoneAccount;
  readonly signatures: Signatures;
  readonly reception: Reception;
  readonly endings: Endings;
  readonly callbacks: Callbacks;
  readonly secondWay: SecondWay;
  readonly log: Log;
  readonly meter: Meter;
}

/** TwiML, or nothing for a callback that wants no answer. `query` is what stands in the address. */
type Answer<Name extends WebhookName> = (
  form: FormOf<Name>,
  query: QueryOf<Name>,
) => void | Promise<string | undefined | void>;

/** Bytes of a form; Twilio's have one or two thousand. */
const FORM_BYTES = 32_768;
const FORM_FIELDS = 250;

export function createWebhook(options: WebhookOptions): Router {
  const { account, signatures, reception, endings, callbacks, secondWay, log, meter } = options;
  // Names like a[b] stay as they are: as objects they would break the signature.
  const readForm = express.urlencoded({
    extended: false,
    limit: FORM_BYTES,
    parameterLimit: FORM_FIELDS,
    inflate: false,
  });

  function deny(detail: string): Problem {
    meter.count("voice_auth_failures_total", { surface: "webhook" });
    return new Problem(403, detail, { Connection: "close" }); // What is left of the body is not worth reading.
  }

  /** Before the body is read. */
  const requireSignature: RequestHandler = (request, _response, next) => {
    if (account.validate && !request.headers["x-twilio-signature"]) next(deny("The request is not signed"));
    else next();
  };

  const limitForm: RequestHandler = (request, _response, next) => {
    // The parser would first read all of what it then refuses.
    if (Number(request.headers["content-length"]) > FORM_BYTES) {
      next(new Problem(413, "The form is larger than 32 KB", { Connection: "close" }));
    } else next();
  };

  function formOf(request: Request): Fields {
    return request.method === "GET" ? (request.query as Fields) : ((request.body ?? {}) as Fields);
  }

  /** @throws Problem when the request is not our carrier's, or not about a call of ours. */
  function judge<Name extends WebhookName>(name: Name, request: Request) {
    const fields = formOf(request);
    const signed = request.method === "GET" ? {} : fields;
    if (!signatures.webhook(request.originalUrl, signed, request.get("x-twilio-signature"))) {
      throw deny("The signature is not good for this address");
    }
    if (account.validate && fields.AccountSid !== account.accountSid) throw deny("The account is another one");
    const parsed = parseWebhook(name, fields, request.query as Fields);
    if (!parsed.ok) throw new Problem(400, parsed.why);
    return parsed;
  }

  /** `speaks`: a caller waits for the answer, so that a fault is answered with spoken words and not with a problem. */
  function serve<Name extends WebhookName>(name: Name, answer: Answer<Name>, speaks: boolean): RequestHandler {
    return async (request: Request, response: Response) => {
      const { form, query } = judge(name, request);
      let twiml: string | undefined | void;
      try {
        twiml = await answer(form, query);
      } catch (error) {
        if (!speaks) throw error;
        log.error("a caller got an apology instead of an answer", {
          call: form.CallSid,
          path: request.path,
          error: stackOf(error),
        });
        twiml = await endings.apology(form);
      }
      if (twiml === undefined) response.status(204).end();
      else response.type("text/xml").send(twiml);
    };
  }

  const router = express.Router();
  function route<Name extends WebhookName>(name: Name, answer: Answer<Name>, { speaks }: { speaks: boolean }): void {
    const { path, methods } = TWILIO_WEBHOOKS[name];
    const onlyThese: RequestHandler = (request, _response, next) => {
      if ((methods as readonly string[]).includes(request.method)) next();
      else next(new Problem(405, `${request.method} is not served here`, { Allow: methods.join(", ") }));
    };
    router.all(path, onlyThese, requireSignature, limitForm, readForm, serve(name, answer, speaks));
  }

  const spoken = { speaks: true };
  const told = { speaks: false };
  route("incoming", (form, { outbound }) => reception.answer(form, outbound), spoken);
  route("afterStream", afterwards(endings.afterStream), spoken);
  route("afterDial", afterwards(endings.afterDial), spoken);
  route("briefing", endings.briefing, told);
  route("briefingAnswer", endings.briefingAnswer, told);
  route("status", callbacks.status, told);
  route("streamStatus", callbacks.streamStatus, told);
  route("amd", callbacks.answeringMachine, told);

  /** These are asked for when the caller has hung up as well, perhaps before any callback has said so. */
  function afterwards<Name extends WebhookName>(answer: (form: FormOf<Name>) => Promise<string>): Answer<Name> {
    return async (form) => {
      secondWay.settled(form.CallSid);
      if (isTerminalStatus(form.CallStatus)) await callbacks.status(form);
      return answer(form);
    };
  }
  return router;
}
