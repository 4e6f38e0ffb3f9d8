// What can be told from the events, newest first, about an instance and about the whole shop.

/** What tells an event from every other one. */
export const eventKey = ({ at, what, service, instance_id, detail }) =>
  JSON.stringify([at, what, service, instance_id, detail]);

/** Two lists of events, newer and older, as one without repeats. */
export function mergeEvents(newer, older) {
  const seen = new Set(newer.map(eventKey));
  return [...newer, ...older.filter((event) => !seen.has(eventKey(event)))];
}

/** The events of each instance, newest first, by `instanceKey`. */
export function eventsByInstance(events) {
  const found = new Map();
  for (const event of events) {
    const name = instanceKey(event);
    if (!found.has(name)) {
      found.set(name, []);
    }
    found.get(name).push(event);
  }
  return found;
}

/** What tells an instance, or the instance of an event, from every other one. */
export const instanceKey = ({ service, instance_id }) => `${service}/${instance_id}`;

/**
 * Since when an instance has been in its state, by its own events; null where they do not tell.
 * An event can give a new reason for an old state, which goes on then; a registration begins one,
 * whichever it is.
 */
export function stateSince(state, events = []) {
  let since = null;
  for (const { what, at } of events) {
    if (what === "registered") {
      return since ?? at;
    }
    if (what !== state) {
      return since;
    }
    since = at;
  }
  return since;
}

/** Whether an instance is the only one of its service that is up. */
export function isLastUp(instance, instances) {
  const up = instances.filter(({ state }) => state === "up");
  return up.length === 1 && up[0].instance_id === instance.instance_id;
}
