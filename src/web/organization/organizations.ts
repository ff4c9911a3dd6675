// The organizations the person may see, asked for once and again after a change.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../shell/ask.ts";

export interface Named {
  readonly org_id: string;
  readonly name: string | null;
  readonly version: number;
}

const organizations = signal<readonly Named[]>([]);

export async function lookUpOrganizations(): Promise<void> {
  try {
    organizations.value = (await ask<{ organizations: readonly Named[] }>("/api/organizations")).organizations;
  } catch {
    // The view that needs them says what is wrong; a filter does without.
  }
}

export function useOrganizations(): readonly Named[] {
  useEffect(() => void lookUpOrganizations(), []);
  return organizations.value;
}
