// How the page says what the registry reports.

import { counted } from "/shared/format.js";

const DRAINED = "drained by the operator";

/** A state in a word or two. */
export const STATE_NAMES = {
  up: "Up",
  draining: "Draining",
  suspect: "In doubt",
  down: "Down",
};

/** What a state means for the calls of the shop. */
export const STATE_MEANINGS = {
  up: "calls go to it",
  draining: "calls go to others, as long as there are any",
  suspect: "silent or reported; calls go to others first",
  down: "silent for long; called only when nobody else is left",
};

/** An instance, or an event's, by a name that tells its service too. */
export function instanceName({ service, instance_id }) {
  return instance_id.startsWith(service) ? instance_id : `${instance_id} of ${service}`;
}

/** Whether the operator has taken an instance out of use. */
export function isDrained({ reason }) {
  return reason?.includes(DRAINED) ?? false;
}

/** What happened, as what is said after the instance's name. */
export function eventSentence({ what, detail }) {
  switch (what) {
    case "registered":
      return `registered ${detail}.`;
    case "up":
      return `is up${because(detail)}.`;
    case "draining":
      return detail.startsWith("draining") ? `is ${detail}.` : `is draining: ${detail}.`;
    case "suspect":
      return `is in doubt: ${detail}.`;
    case "down":
      return `is down: ${detail}.`;
    case "superseded":
      return `was replaced ${detail}.`;
    case "removed":
      return detail === "taken out" ? "was taken out." : `was taken out: ${detail}.`;
    default:
      return `${what}: ${detail}.`;
  }
}

/** What happened, in a few words, for the row of the instance that it happened to. */
export function eventLabel({ what, detail }) {
  switch (what) {
    case "registered":
      return "Registered";
    case "up":
      return detail === "heartbeat" ? "Heartbeat again" : "Taken back";
    case "draining":
      return detail.includes(DRAINED) ? "Drained" : "Stopping";
    case "suspect":
      return detail.startsWith("no heartbeat") ? "Lease ran out" : "Reported by a caller";
    case "down":
      return "Given up";
    default:
      return STATE_NAMES[what] ?? what;
  }
}

function because(detail) {
  const causes = {
    heartbeat: " again: its heartbeat came",
    "its own request": " at its own request",
    "the operator's override": " again: taken back by the operator",
    // As release 0.1.0 wrote them, whose history may still be there.
    "its own word": " at its own request",
    "the operator's word": " again: taken back by the operator",
  };
  return causes[detail] ?? (detail ? `: ${detail}` : "");
}

/** How all instances are, in one sentence. */
export function headline(instances) {
  const others = instances.filter(({ state }) => state !== "up");
  if (instances.length === 0) {
    return "Nobody is registered yet.";
  }
  if (others.length === 0) {
    return instances.length === 1
      ? "The only instance is up."
      : `All ${instances.length} instances are up.`;
  }
  if (others.length === 1) {
    return `${instanceName(others[0])} is ${STATE_NAMES[others[0].state].toLowerCase()}.`;
  }
  return `${others.length} of ${counted(instances.length, "instance")} are not up.`;
}

/** What came of a state that the operator has set. */
export function stateSetText(instance) {
  const name = instanceName(instance);
  if (isDrained(instance)) {
    return instance.state === "down"
      ? `${name} is drained. It is down, and stays drained when it is back.`
      : `${name} is draining: calls go to others, as long as there are any.`;
  }
  return instance.state === "up"
    ? `${name} is taken back: calls go to it again.`
    : `${name} is taken back. It is ${STATE_NAMES[instance.state].toLowerCase()} now.`;
}

/** Why a state could not be set. */
export function stateNotSetText(instance, state, { status, message }) {
  const asked = `${state === "draining" ? "drain" : "take back"} ${instanceName(instance)}`;
  return status === 0
    ? `The registry was to ${asked}, and did not answer. The table tells how it stands.`
    : `The registry was to ${asked}, and answered: ${message}`;
}
