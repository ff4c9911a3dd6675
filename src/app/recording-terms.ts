// What callers of an organization are told or asked before they are recorded, in the words of their greeting. Pure.
import { noticeFor } from "../recording/consent-words.ts";
import type { RecordingTerms } from "../recording/recorded-call.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";

/** Undefined where nothing is recorded. */
export function recordingTerms({ recording, language }: OrganizationConfig): RecordingTerms | undefined {
  if (!recording?.enabled) return undefined;
  const { consent: mode, notice = noticeFor(mode, language) } = recording;
  return { mode, notice };
}

/** The notice comes last, so that the answer to a question is the next thing that is said. */
export function withNotice(greeting: string, terms: RecordingTerms | undefined): string {
  return terms ? `${greeting} ${terms.notice}` : greeting;
}
