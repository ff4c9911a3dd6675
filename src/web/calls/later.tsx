// A component that is loaded when it is first shown: what most visitors of a view never need.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Later(props: Props) {
    const [, setIsThere] = useState(loaded !== undefined);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => {
          loaded = component;
          setIsThere(true);
        },
        () => setFailed(true),
      );
    }, []);
    const Component = loaded;
    if (Component) return <Component {...props} />;
    return <p class="waiting">{failed ? "This part could not be loaded" : "Loading …"}</p>;
  };
}
