// What of an assistant's instructions is there to be told to callers: whoever says it gives nothing away.
import type { OrganizationConfig } from "../wire/rest/organization.ts";
import { hoursHeading, languageRule, weekOf } from "./prompt.ts";

export function sayableOf(organization: OrganizationConfig, greeting: string): string[] {
  const { name, facts = [], business_rules: rules = [], intake, escalation, hours, outbound } = organization;
  return [
    greeting,
    ...(name === undefined ? [] : [`the telephone of ${name}`]),
    ...(hours ? [hoursHeading(hours), ...weekOf(hours)] : []),
    languageRule(organization.language),
    ...facts,
    ...rules,
    ...(intake?.fields ?? []).flatMap(({ ask, choices = [] }) => [ask, choices.join(", ")]),
    ...[escalation?.emergency_words, hours?.after_hours.greeting, outbound?.greeting].filter(
      (text) => text !== undefined,
    ),
  ];
}
