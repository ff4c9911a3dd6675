// What the configuration was before, to look back and to go back to.
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { mayChange } from "../shell/session.ts";
import { dayAndTime } from "../shell/words.ts";
import { changesOf, versionedOf, type Versioned } from "./values.ts";

export function Versions({
  path,
  current,
  onTake,
}: {
  readonly path: string;
  readonly current: number;
  readonly onTake: (version: Versioned) => void;
}) {
  const [versions, setVersions] = useState<readonly Versioned[]>([]);
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    ask<{ versions: readonly Readonly<Record<string, unknown>>[] }>(`${path}/versions`).then(
      (told) => setVersions(told.versions.map(versionedOf)),
      (error: unknown) => setWrong(messageOf(error)),
    );
  }, [path, current]);
  return (
    <section class="card part" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      {wrong !== undefined && <p class="wrong">{wrong}</p>}
      <ol class="lines versions">
        {versions.map((version, index) => {
          const earlier = versions[index + 1];
          const changed = earlier ? Object.keys(changesOf(earlier.config, version.config) ?? {}) : [];
          return (
            <li key={version.version}>
              <span>
                <strong>{version.version}</strong> {dayAndTime(version.updated_at)}{" "}
                <span class="muted">by {version.updated_by}</span>
                {changed.length > 0 && <span class="muted"> · {changed.join(", ")}</span>}
              </span>
              {version.version === current ? (
                <span class="badge good">in use</span>
              ) : (
                mayChange.value && (
                  <button
                    type="button"
                    class="quiet small"
                    onClick={() => onTake(version)}
                    aria-label={`Take version ${version.version}`}
                  >
                    Take
                  </button>
                )
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
