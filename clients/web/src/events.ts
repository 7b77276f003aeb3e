import type { ErasureRequest, FeatureUsage, UserActivity } from "./contract.js";
import { pathTemplate } from "./path.js";
import { attributes, type Metadata, name } from "./scrub.js";

/** Whose event it is: raw ids, which leave the browser only as pseudonyms. */
export interface Identity {
  readonly userId?: string | undefined;
  readonly organizationId?: string | undefined;
}

type Of<Category extends string, Attributes> = { readonly "event.category": Category } & Readonly<Attributes>;

/** The attributes of an event, as the contract has them, but for those that say whose it is. */
export type Attributes =
  | Of<"user_activity", UserActivity>
  | Of<"feature_usage", FeatureUsage>
  | Of<"erasure_request", Partial<ErasureRequest>>;

/** What happened, before it is known when and by whom. */
export interface Happening {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A person logged in. */
export function login(): Happening {
  return { name: "user.login", attributes: { "event.category": "user_activity", "event.type": "login" } };
}

/** A page was viewed. */
export function pageView(page: string): Happening {
  return {
    name: "page.view",
    attributes: {
      "event.category": "feature_usage",
      "feature.name": "page_view",
      "feature.action": "viewed",
      "page.path": pathTemplate(page),
    },
  };
}

/** A feature was used; undefined where its name can't be sent. */
export function featureUsage(feature: string, action: string, metadata?: Metadata): Happening | undefined {
  const named = name(feature);
  return named ? happening(`feature.${named}`, named, action, metadata) : undefined;
}

/** An event of the app's own, which counts as use of a feature of that name; undefined where its name can't be sent. */
export function event(text: string, metadata?: Metadata): Happening | undefined {
  const named = name(text);
  return named ? happening(named, named, "triggered", metadata) : undefined;
}

/** A person asks for their events to be erased. */
export function erasure(): Happening {
  return { name: "erasure.request", attributes: { "event.category": "erasure_request" } };
}

function happening(span: string, feature: string, action: string, metadata?: Metadata): Happening {
  const acted = name(action);
  return {
    name: span,
    attributes: {
      "event.category": "feature_usage",
      "feature.name": feature,
      ...(acted && { "feature.action": acted }),
      ...attributes(metadata),
    },
  };
}
