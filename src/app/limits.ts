// What organizations may use, together: budgets of time and money, and places at the same time.
import { createBudgets, type Budgets, type BudgetsParts } from "../organizations/budgets.ts";
import type { Directory } from "../organizations/directory.ts";
import { createPlaces, type Places } from "../organizations/places.ts";
import type { Config } from "../config.ts";
import type { State } from "../core/state.ts";

export interface LimitsParts extends Pick<BudgetsParts, "store" | "clock" | "log" | "meter"> {
  readonly config: Pick<Config, "prices">;
  readonly directory: Pick<Directory, "all">;
  readonly state: State;
}

export interface OrganizationLimits {
  readonly budgets: Budgets;
  readonly places: Places;
  start(): void;
  close(): void;
}

export function createLimits({ config, directory, ...ports }: LimitsParts): OrganizationLimits {
  const budgets = createBudgets({ ...ports, prices: config.prices, organizations: () => directory.all() });
  const places = createPlaces(ports);
  return {
    budgets,
    places,
    start() {
      budgets.start();
      places.start();
    },
    close() {
      budgets.close();
      places.close();
    },
  };
}
