// What was said in a call, with what the caller did not hear any more struck through.
import { capital, clockTime, inWords, length } from "../shell/words.ts";
import type { Story } from "./story.ts";

export function Spoken({ transcript }: { readonly transcript: Story["transcript"] }) {
  if (transcript.length === 0) return <p class="muted">Nothing.</p>;
  return (
    <div class="transcript">
      <ol>
        {transcript.map((line, index) =>
          line.role === "caller" ? (
            <li key={index} class="line caller">
              <span class="speaker">
                {clockTime(line.at_ms)} · Caller{line.by === "keypad" && " · keypad"}
                {line.latency_ms !== null && ` · answered in ${length(line.latency_ms)}`}
              </span>
              <p>{line.text || <em class="muted">not understood</em>}</p>
              {line.cause !== null && <p class="cause">{capital(inWords(line.cause))}</p>}
            </li>
          ) : (
            <li key={index} class="line agent">
              <span class="speaker">
                {clockTime(line.at_ms)} · Agent{line.kind !== "reply" && ` · ${line.kind}`}
                {line.interrupted && " · interrupted"}
              </span>
              <p>
                {line.heard}
                {line.cut !== "" && (
                  <>
                    {line.heard !== "" && " "}
                    <del title="Cut off: the caller did not hear this">{line.cut}</del>
                  </>
                )}
                {line.heard === "" && line.cut === "" && <em class="muted">silence</em>}
              </p>
            </li>
          ),
        )}
      </ol>
    </div>
  );
}
