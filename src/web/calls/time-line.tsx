// The time line of a call, drawn as two lanes and told as a table: who listened, thought and spoke when, and for how long.
import { capital, clockTime, inWords, length } from "../shell/words.ts";
import { timeLineOf, type Span, type SpanKind, type Story } from "./story.ts";

const LANES: readonly { readonly label: string; readonly kinds: readonly SpanKind[] }[] = [
  { label: "Caller", kinds: ["listening"] },
  { label: "Agent", kinds: ["thinking", "speaking", "interrupted"] },
];
const NAMES: Readonly<Record<SpanKind, string>> = {
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  interrupted: "Interrupted",
};
/** Of the drawing: longer calls are scrolled. */
const PX_PER_SECOND = 9;

export function TimeLineView({ story }: { readonly story: Story }) {
  const { totalMs, spans, rows } = timeLineOf(story);
  if (rows.length === 0) return null;
  const at = (ms: number): string => `${((ms / totalMs) * 100).toFixed(3)}%`;
  const title = ({ kind, fromMs, toMs }: Span): string =>
    `${NAMES[kind]} from ${clockTime(fromMs)}, ${length(toMs - fromMs)}`;
  return (
    <section class="card part" aria-labelledby="time-line">
      <div class="view-head">
        <h2 id="time-line">Turns</h2>
        <ul class="legend push">
          {(Object.keys(NAMES) as SpanKind[]).map((kind) => (
            <li key={kind}>
              <i class={`swatch ${kind}`} /> {NAMES[kind]}
            </li>
          ))}
        </ul>
      </div>
      <div class="strip" tabIndex={0} role="group" aria-label="Time line; the table below has its figures">
        <div class="lanes" style={{ minWidth: `${Math.round((totalMs / 1000) * PX_PER_SECOND)}px` }}>
          {LANES.map(({ label, kinds }) => (
            <div class="lane" key={label} aria-hidden="true">
              <span class="lane-name">{label}</span>
              {spans
                .filter(({ kind }) => kinds.includes(kind))
                .map((span, index) => (
                  <i
                    key={index}
                    class={`span ${span.kind}`}
                    title={title(span)}
                    style={{ left: at(span.fromMs), width: at(span.toMs - span.fromMs) }}
                  />
                ))}
            </div>
          ))}
        </div>
      </div>
      <div class="scroll" tabIndex={0} role="group" aria-label="Turns in milliseconds">
        <table class="turns">
          <thead>
            <tr>
              <th scope="col">Turn</th>
              <th scope="col" class="words">
                Caller
              </th>
              <th scope="col">Listening</th>
              <th scope="col">Thinking</th>
              <th scope="col">Speaking</th>
              <th scope="col" class="words">
                What happened
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.turn}>
                <td>{row.turn === 0 ? "–" : row.turn}</td>
                <td class="words">{row.turn === 0 ? <span class="muted">before the first word</span> : row.text}</td>
                <td>{row.listeningMs > 0 ? length(row.listeningMs) : "–"}</td>
                <td>{row.thinkingMs === undefined ? "–" : length(row.thinkingMs)}</td>
                <td>{length(row.speakingMs)}</td>
                <td class="words">
                  {row.interrupted && <span class="badge warn">Interrupted, {length(row.cutMs)} unheard</span>}{" "}
                  {row.cause !== undefined && <span class="cause">{capital(inWords(row.cause))}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
