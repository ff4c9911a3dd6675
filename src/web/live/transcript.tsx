// Both sides of a conversation as they come, with what was cut off struck through.
import { useEffect, useRef } from "preact/hooks";
import { length } from "../shell/words.ts";
import type { Line } from "./live-call.ts";

/** Nearer to the end than this, the reader wants to see what comes. */
const NEAR_PX = 80;

export function Transcript({ lines, label }: { readonly lines: readonly Line[]; readonly label: string }) {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  });
  return (
    <div
      class="transcript"
      ref={list}
      role="log"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
    >
      <ol>
        {lines.map((line, index) => (
          <li key={index} class={`line ${line.role} ${line.open ? "open" : ""}`}>
            <span class="speaker">
              {line.role === "caller" ? "Caller" : "Agent"}
              {line.kind && line.kind !== "reply" && ` · ${line.kind}`}
              {line.latencyMs !== undefined && ` · answered in ${length(line.latencyMs)}`}
            </span>
            <p>
              {line.text}
              {line.cut && (
                <>
                  {" "}
                  <del title="Cut off: the caller did not hear this">{line.cut}</del>
                </>
              )}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
