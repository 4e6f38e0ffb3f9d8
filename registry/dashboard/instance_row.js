// One instance: how it stands, and the operator's word for it.

import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { stateSince } from "./happenings.js";
import { LeaseLine } from "./lease_line.js";
import { Moment } from "./moment.js";
import { flash } from "./movement.js";
import { StateMark } from "./state_mark.js";
import { briefly, called, isDrained, STATE_WORDS } from "./words.js";

/**
 * `events` are the instance's own, newest first; `isNew` if it came after the others were shown;
 * `busy` while the operator's word is under way; `say` takes that word.
 */
export function InstanceRow({ instance, events, at, live, isNew, busy, say }) {
  const row = useRef();
  const { service, instance_id, state, reason, url, version } = instance;
  const look = JSON.stringify([state, reason, url, version, instance.registered_at]);
  const shown = useRef(isNew ? null : look);
  useEffect(() => {
    if (shown.current !== look) flash(row.current);
    shown.current = look;
  }, [look]);

  const since = stateSince(state, events);
  const last = events?.[0];
  return html`<tr role="row" ref=${row} class=${state}>
    <th role="rowheader" scope="row" class="name">
      <span class="service clamped" title=${service}>${service}</span>${" "}
      <span class="instance clamped" title=${instance_id}>${instance_id}</span>
    </th>
    <td role="cell" class="state">
      <span class="state-word"><${StateMark} of=${state} /> ${STATE_WORDS[state] ?? state}</span>
      ${reason && html` <span class="reason small">${reason}</span>`}
    </td>
    <${Cell} name="since" label="Since">
      ${since ? html`<${Moment} at=${since} />` : "not known"}
    <//>
    <${Cell} name="lease-cell" label="Lease">
      <${LeaseLine} instance=${instance} at=${at} live=${live} />
    <//>
    <${Cell} name="last" label="Last event">
      ${last ? html`${briefly(last)} <${Moment} at=${last.at} />` : "long ago"}
    <//>
    <${Cell} name="address" label="Address">${url}<//>
    <${Cell} name="version" label="Version">
      <span class="clamped" title=${version}>${version ?? "not said"}</span>
    <//>
    <td role="cell" class="word">
      <${Word} instance=${instance} busy=${busy} live=${live} say=${say} />
    </td>
  </tr>`;
}

/** A cell that bears its column's name where there is no room for columns. */
function Cell({ name, label, children }) {
  return html`<td role="cell" class=${name}>
    <span class="label small soft" aria-hidden="true">${label}</span>
    <span class="value">${children}</span>
  </td>`;
}

function Word({ instance, busy, live, say }) {
  const drained = isDrained(instance);
  const name = drained ? "Take back" : "Drain";
  const able = live && !busy;
  return html`<button
    type="button"
    class="button quiet"
    aria-label=${`${name} ${called(instance)}`}
    aria-disabled=${!able}
    onClick=${() => able && say(drained ? "up" : "draining")}
  >
    ${busy ? "Wait…" : name}
  </button>`;
}
