// The addresses of the phone channel under WEBHOOK_URL.
import { TWILIO_WEBHOOKS } from "../../wire/twilio-webhook.ts";

export const VOICE_PATHS = {
  stream: "/media-stream",
  incoming: TWILIO_WEBHOOKS.incoming.path,
  afterStream: TWILIO_WEBHOOKS.afterStream.path,
  status: TWILIO_WEBHOOKS.status.path,
  streamStatus: TWILIO_WEBHOOKS.streamStatus.path,
  afterDial: TWILIO_WEBHOOKS.afterDial.path,
  briefing: TWILIO_WEBHOOKS.briefing.path,
  briefingAnswer: TWILIO_WEBHOOKS.briefingAnswer.path,
  amd: TWILIO_WEBHOOKS.amd.path,
} as const;
