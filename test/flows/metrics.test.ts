// What a Prometheus server reads during and after calls of the real server: every name an operator is promised holds a figure,
// under the labels it is promised with. That no name is declared in vain is test/observe's.
import { request } from "node:http";
import { until } from "../support/until.ts";
import { answer, listen, sideBySide, words } from "./kit.ts";

function post(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { method: "POST", agent: false, headers: { "x-twilio-signature": "forged" } }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end();
  });
}

async function untilTrue(what: string, ask: () => Promise<boolean>): Promise<void> {
  let answer = false;
  let asking = false;
  await until(
    what,
    () => {
      if (!answer && !asking) {
        asking = true;
        void ask()
          .then((now) => (answer = now))
          .finally(() => (asking = false));
      }
      return answer;
    },
    20_000,
  );
}

test(
  "of whole calls",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { MAX_CALLS: "1" },
      // Tuesday's answer is late, so that its turn is a gap.
      openai: { timing: { transcriptMs: 5, replyMs: 5, textDeltaMs: 1, pace: 60, restMs: 600 } },
    });
    const call = flow.dial([
      ...answer("tuesday-at-nine"),
      { do: "interrupt", afterMs: 3200, ...words("make-it-thursday") },
      ...answer("goodbye"),
      { do: "wait-for-hang-up", timeoutMs: 30_000 },
    ]);
    const figure = async (...of: Parameters<typeof flow.metric>): Promise<boolean> => (await flow.metric(...of)) > 0;
    await untilTrue("it is among the active ones", () => figure("voice_calls_active", { direction: "inbound" }));
    // In mid-call, and not only when the session is closed.
    for (const direction of ["in", "out"])
      await untilTrue(`audio goes ${direction}`, () => figure("voice_frames_total", { leg: "upstream", direction }));
    // While it lives: a second caller finds no room, a stranger no entrance.
    const refused = await flow.dial([listen()]).done;
    expect(refused.status).toBe("completed");
    expect(await post(`${flow.url}/voice`)).toBe(403);
    const result = await call.done;
    expect(result.scriptError).toBeUndefined();
    await flow.record(call.callSid);

    const promised: readonly (readonly [name: string, labels?: Readonly<Record<string, string>>])[] = [
      ["voice_calls_started_total", { direction: "inbound", channel: "phone" }],
      ["voice_calls_ended_total", { reason: "agent-hangup", result: "success" }],
      ["voice_call_duration_seconds_count"],
      ...["stream", "token", "first-audio", "voice"].map(
        (stage) => ["voice_call_setup_seconds_count", { stage }] as const,
      ),
      ["voice_first_audio_seconds_count"],
      ["voice_turn_latency_seconds_count"],
      ["voice_silence_gap_seconds_count"],
      ["voice_bargein_stop_seconds_count"],
      ["voice_relay_delay_seconds_count", { direction: "in" }],
      ["voice_relay_delay_seconds_count", { direction: "out" }],
      ["voice_frames_total", { leg: "phone", direction: "in" }],
      ["voice_frames_total", { leg: "phone", direction: "out" }],
      ["voice_frames_total", { leg: "upstream", direction: "in" }],
      ["voice_frames_total", { leg: "upstream", direction: "out" }],
      ["voice_upstream_connects_total", { result: "ok" }],
      ["voice_thread_replies_total", { client: "responses", result: "ok" }],
      ["voice_tool_calls_total", { tool: "end_call", result: "ok" }],
      ["voice_tool_duration_seconds_count", { tool: "end_call" }],
      ["voice_auth_failures_total", { surface: "webhook" }],
      ["voice_admission_rejected_total", { cause: "busy" }],
      ["process_resident_memory_bytes"],
    ];
    const nothing: string[] = [];
    for (const [name, labels] of promised)
      if ((await flow.metric(name, labels)) === 0) nothing.push(`${name} ${JSON.stringify(labels ?? {})}`);
    expect(nothing).toEqual([]);
    // Those that are 0 in good times are there all the same.
    for (const name of ["voice_draining", "voice_calls_active", "voice_calls_not_torn_down_total"])
      expect([name, await flow.metric(name)]).toEqual([name, 0]);
    // Since the last reading, which may be a moment ago.
    expect(await flow.metric("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
    for (const leg of ["phone", "upstream"]) expect(await flow.metric("voice_ws_buffered_bytes", { leg })).toBe(0);
  }),
);
