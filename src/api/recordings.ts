// The sound of a call, whole or in ranges, so that a player can begin anywhere.
import { pipeline, Readable } from "node:stream";
import type { CallRecord } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import { callParams } from "./calls.ts";
import { empty, READERS, route, type Answer, type Route } from "./define-route.ts";
import type { FindCall } from "./find-call.ts";
import type { Recordings } from "./ports.ts";

const TYPE = "audio/wav";

export function recordingRoutes({
  find,
  recordings,
}: {
  readonly find: FindCall;
  readonly recordings: Recordings;
}): Route[] {
  return [
    route(
      {
        method: "get",
        path: "/api/calls/{call_id}/recording",
        summary: "The recording of a call",
        description:
          "Stereo WAV, the caller left and the agent, as the caller heard it, right. Takes `Range`. 404 where the call was not recorded, or the recording was deleted; 409 where it lies on the disk of another instance, which is named.",
        tag: "calls",
        access: READERS,
        params: callParams,
        answers: {
          200: { description: "The whole recording.", type: TYPE },
          206: { description: "The range that was asked for.", type: TYPE },
        },
      },
      async ({ params, principal, request, response }): Promise<Answer> => {
        const record = await find(params.call_id, principal);
        const { recording, callId } = record;
        const sound = recording && (await recordings.find(recording));
        if (!sound) throw missing(record, recordings);
        const { bytes } = sound;
        const headers = {
          "Accept-Ranges": "bytes",
          "Content-Type": TYPE,
          "Content-Disposition": `inline; filename="${callId}.wav"`,
        };
        // Several ranges in one answer are never asked for by players: they get the whole, as the standard allows.
        const asked = request.range(bytes, { combine: true });
        if (asked === -1) throw new Problem(416, "The recording is shorter", { "Content-Range": `bytes */${bytes}` });
        const one = Array.isArray(asked) && asked.type === "bytes" && asked.length === 1 ? asked[0] : undefined;
        const { start: from, end: to } = one ?? { start: 0, end: bytes - 1 };
        const length = { "Content-Length": String(to - from + 1) };
        if (request.method === "HEAD") return empty(200, { ...headers, ...length });
        return {
          kind: "stream",
          type: TYPE,
          begin() {
            response.status(one ? 206 : 200).set({ ...headers, ...length });
            if (one) response.set("Content-Range", `bytes ${from}-${to}/${bytes}`);
            // A client that goes away, and a file that is deleted meanwhile, end both; there is nobody left to tell.
            pipeline(Readable.from(sound.read(from, to), { objectMode: false }), response, () => undefined);
          },
        };
      },
    ),
  ];
}

/** Why there is no sound of a call here. */
function missing({ recording, timeline }: CallRecord, recordings: Recordings): Problem {
  const isDeleted = timeline.some(({ what }) => what === "recording deleted");
  const holder = recording && !isDeleted ? recordings.elsewhere(recording) : undefined;
  return holder === undefined
    ? new Problem(404, "There is no recording of this call")
    : new Problem(409, `The recording lies on the disk of the instance that held the call: ${holder}`);
}
