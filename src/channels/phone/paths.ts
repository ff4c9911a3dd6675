// The addresses of the phone channel under WEBHOOK_URL.

export const VOICE_PATHS = {
  incoming: "/voice",
  stream: "/media-stream",
  afterStream: "/voice/after-stream",
  status: "/voice/status",
  streamStatus: "/voice/stream-status",
  afterDial: "/voice/after-dial",
  briefing: "/voice/briefing",
  briefingAnswer: "/voice/briefing-answer",
  amd: "/voice/amd",
} as const;
