// The organizations the person may see and what those say who have no greeting of their own, asked for once and again after a change.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../shell/ask.ts";

export interface Named {
  readonly org_id: string;
  readonly name: string | null;
  readonly version: number;
}

const organizations = signal<readonly Named[]>([]);
export const defaultGreeting = signal<string | undefined>(undefined);

export async function lookUpOrganizations(): Promise<void> {
  try {
    const told = await ask<{ organizations: readonly Named[]; default_greeting: string }>("/api/organizations");
    organizations.value = told.organizations;
    defaultGreeting.value = told.default_greeting;
  } catch {
    // The view that needs them says what is wrong; a filter does without.
  }
}

export function useOrganizations(): readonly Named[] {
  useEffect(() => void lookUpOrganizations(), []);
  return organizations.value;
}
