// Whose doing the end of a call was, for metrics. Pure.
import type { EndReason } from "./call.ts";

export function resultOf(reason: EndReason): "success" | "client_error" | "server_error" {
  switch (reason) {
    case "caller-hangup":
    case "agent-hangup":
    case "transferred":
    case "silence":
    case "time-limit":
    case "spend-limit":
    case "after-hours":
    case "unanswered":
    case "voicemail":
    case "shutdown":
      return "success";
    case "line-lost":
    case "no-media":
    case "slow-consumer":
    case "bad-frames":
    case "protocol":
    case "rejected":
    case "abandoned":
      return "client_error";
    case "voice-unavailable":
    case "instance-lost":
    case "internal-error":
      return "server_error";
  }
}
